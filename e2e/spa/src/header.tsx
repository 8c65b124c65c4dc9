// Who is signed in, and what they can do about it.
import { useOidc } from "./oidc";

export function Header() {
  const oidc = useOidc();
  heard.renders++;
  if (!oidc.isUserLoggedIn) {
    return (
      <>
        <p id="state">signed out</p>
        <p id="error">{oidc.initializationError?.message}</p>
        <button id="login" onClick={() => oidc.login()}>Sign in</button>
      </>
    );
  }
  return (
    <>
      <p id="state">signed in</p>
      <p id="sub">{oidc.decodedIdToken.sub}</p>
      <p id="warning">{oidc.autoLogoutState.shouldDisplayWarning ? oidc.autoLogoutState.secondsLeftBeforeAutoLogout : "none"}</p>
      <button id="renew" onClick={() => oidc.renewTokens()}>Renew</button>
      <button id="logout" onClick={() => oidc.logout({ redirectTo: "current page" })}>Sign out</button>
      <button id="home" onClick={() => oidc.logout({ redirectTo: "home" })}>Sign out, and go home</button>
      <button id="elsewhere" onClick={() => oidc.goToAuthServer({ extraQueryParams: { ui_locales: "de" } })}>Account</button>
      <p id="back">{JSON.stringify(oidc.backFromAuthServer?.extraQueryParams ?? null)}</p>
    </>
  );
}
