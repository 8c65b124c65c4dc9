import { Suspense, useEffect } from "react";
import { createBrowserRouter, Link, Outlet, useLoaderData, useRouteError } from "react-router";
import { RouterProvider } from "react-router/dom";
import { createKeycloakUtils, isKeycloak } from "oidc-spa/keycloak";
import { decodeJwt } from "oidc-spa/decode-jwt";
import { Header } from "./header";
import { enforceLogin, fetchWithAuth, getOidc, OidcInitializationGate, useOidc, withLoginEnforced } from "./oidc";

function Layout() {
  useEffect(() => {
    let isMounted = true, stop = () => {};
    void getOidc().then((oidc) => {
      if (!oidc.isUserLoggedIn || !isMounted) return;
      const { unsubscribeFromAccessTokenRotation } = oidc.subscribeToAccessTokenRotation((token) => heard.rotations.push(token));
      const { unsubscribeFromDecodedIdTokenChange } = oidc.subscribeToDecodedIdTokenChange(() => heard.claims++);
      stop = () => {
        unsubscribeFromAccessTokenRotation();
        unsubscribeFromDecodedIdTokenChange();
      };
    });
    return () => {
      isMounted = false;
      stop();
    };
  }, []);
  return (
    <>
      <Header />
      <Link id="to-protected" to="/protected?page=7">Protected</Link>
      <Link id="to-component" to="/component">Component</Link>
      <Suspense fallback={<p id="waits">waits</p>}><Outlet /></Suspense>
    </>
  );
}

function Protected() {
  const { isUserLoggedIn, decodedIdToken, issuerUri } = useOidc({ assert: "user logged in" });
  const { path, authorization } = useLoaderData<typeof loadProtected>();
  const { sub } = decodeJwt<{ sub: string }>(authorization.slice("Bearer ".length));
  const keycloak = isKeycloak({ issuerUri }) ? createKeycloakUtils({ issuerUri }).adminConsoleUrl : "none";
  return <p id="protected">{`${isUserLoggedIn} ${decodedIdToken.sub} ${sub} ${path} ${keycloak}`}</p>;
}

async function loadProtected({ request }: { request: Request }) {
  heard.calls.push("protected");
  await enforceLogin({ request });
  return fetchWithAuth(new URL(request.url).pathname);
}

const Enforced = withLoginEnforced(function Enforced({ word }: { word: string }) {
  const { decodedIdToken } = useOidc({ assert: "user logged in" });
  return <p id="enforced">{`${word} ${decodedIdToken.sub}`}</p>;
});

function Refused() {
  const error = useRouteError();
  return <p id="refused">{error instanceof Error ? error.message : "?"}</p>;
}

const router = createBrowserRouter([
  {
    path: "/",
    Component: Layout,
    HydrateFallback: () => <p id="loads">loads</p>,
    children: [
      { index: true, Component: () => <p id="page">home</p> },
      { path: "protected", Component: Protected, loader: loadProtected, ErrorBoundary: Refused },
      { path: "component", Component: () => <Enforced word="hello" />, ErrorBoundary: Refused },
      { path: "wrong", Component: Protected, loader: () => ({ path: "", authorization: "" }), ErrorBoundary: Refused },
    ],
  },
]);

export function App() {
  return <OidcInitializationGate fallback={<p id="waits">waits</p>}><RouterProvider router={router} /></OidcInitializationGate>;
}
