// The app with TanStack Router: its pages as app.tsx has them, in the terms of this router.
import { Suspense } from "react";
import { createRootRoute, createRoute, createRouter, Link, Outlet, RouterProvider, type ErrorComponentProps } from "@tanstack/react-router";
import { Header } from "./header";
import { enforceLogin, fetchWithAuth, OidcInitializationGate, useOidc, withLoginEnforced } from "./oidc";

function Layout() {
  return (
    <>
      <Header />
      <Link id="to-protected" to="/protected" search={{ page: 7 }}>Protected</Link>
      <Link id="to-component" to="/component">Component</Link>
      <Suspense fallback={<p id="waits">waits</p>}><Outlet /></Suspense>
    </>
  );
}

function Refused({ error }: ErrorComponentProps) {
  return <p id="refused">{error instanceof Error ? error.message : "?"}</p>;
}

const rootRoute = createRootRoute({ component: Layout, errorComponent: Refused });

const indexRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: () => <p id="page">home</p> });

const protectedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/protected",
  validateSearch: ({ page }: { page?: number }) => ({ page }),
  beforeLoad: enforceLogin,
  loaderDeps: ({ search: { page } }) => ({ page }),
  loader: ({ deps: { page } }) => {
    heard.calls.push(`protected ${page}`);
    return fetchWithAuth(`/protected/${page}`);
  },
  component: Protected,
});

function Protected() {
  const { decodedIdToken } = useOidc({ assert: "user logged in" });
  const { path, authorization } = protectedRoute.useLoaderData();
  return <p id="protected">{`${decodedIdToken.sub} ${path} ${authorization.startsWith("Bearer ey")}`}</p>;
}

const Enforced = withLoginEnforced(function Enforced({ word }: { word: string }) {
  const { decodedIdToken } = useOidc({ assert: "user logged in" });
  return <p id="enforced">{`${word} ${decodedIdToken.sub}`}</p>;
});

const componentRoute = createRoute({ getParentRoute: () => rootRoute, path: "/component", component: () => <Enforced word="hello" /> });

// Where somebody points at a link, its page is loaded in advance.
const router = createRouter({ routeTree: rootRoute.addChildren([indexRoute, protectedRoute, componentRoute]), defaultPreload: "intent", defaultPreloadDelay: 0 });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

export function App() {
  return <OidcInitializationGate fallback={<p id="waits">waits</p>}><RouterProvider router={router} /></OidcInitializationGate>;
}
