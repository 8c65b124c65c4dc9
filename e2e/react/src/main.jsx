// An app as the README of react-oidc-context has it, in StrictMode.
import React from "react";
import { createRoot } from "react-dom/client";
import { AuthProvider, useAuth } from "react-oidc-context";
import { User } from "oidc-client-ts";

function App() {
  const auth = useAuth();
  React.useEffect(() => auth.events.addAccessTokenExpiring(() => globalThis.heard.push("expiring")), [auth.events]);
  globalThis.auth = auth;

  if (auth.isLoading) return <p id="state">{auth.activeNavigator ?? "loading"}</p>;
  if (auth.error) return <p id="state">error: {auth.error.source} {auth.error.message}</p>;
  if (!auth.isAuthenticated) {
    return (
      <>
        <p id="state">signed out</p>
        <button id="redirect" onClick={() => auth.signinRedirect({ state: { page: 7 } })}>Sign in</button>
        <button id="popup" onClick={() => auth.signinPopup()}>Sign in with a popup</button>
      </>
    );
  }
  globalThis.tokens.add(auth.user.access_token);
  return (
    <>
      <p id="state">signed in</p>
      <p id="sub">{auth.user.profile.sub}</p>
      <p id="class">{String(auth.user instanceof User)}</p>
      <p id="app-state">{JSON.stringify(auth.user.state ?? null)}</p>
      <button id="renew" onClick={() => auth.signinSilent()}>Renew</button>
      <button id="remove" onClick={() => auth.removeUser()}>Forget me</button>
      <button id="signout" onClick={() => auth.signoutRedirect()}>Sign out</button>
    </>
  );
}

globalThis.heard = [];
globalThis.tokens = new Set();
const settings = await (await fetch("/config.json")).json();

createRoot(document.getElementById("root")).render(
  <React.StrictMode>
    <AuthProvider {...settings} onSigninCallback={() => history.replaceState({}, "", location.pathname)}>
      <App />
    </AuthProvider>
  </React.StrictMode>,
);
