// An app that nobody sees without being signed in.
import { Suspense } from "react";
import { oidcSpa } from "oidc-spa/react-spa";

const { bootstrapOidc, useOidc, getOidc, OidcInitializationErrorGate } = oidcSpa.withAutoLogin().createUtils();

const { issuerUri, clientId } = await (await fetch("/config.json")).json();
const nobodyThere = new URLSearchParams(location.search).has("down");
void bootstrapOidc({ implementation: "real", issuerUri: nobodyThere ? "https://localhost:1" : issuerUri, clientId });

function Who() {
  const { decodedIdToken, logout } = useOidc();
  return (
    <>
      <p id="state">signed in</p>
      <p id="sub">{String(decodedIdToken.sub)}</p>
      <button id="logout" onClick={() => logout({ redirectTo: "current page" })}>Sign out</button>
    </>
  );
}

export function AutoApp() {
  void getOidc().then((oidc) => heard.calls.push(String(oidc.getDecodedIdToken().sub)));
  return (
    <Suspense fallback={<p id="waits">waits</p>}>
      <OidcInitializationErrorGate errorComponent={({ oidcInitializationError }) => <p id="failed">{String(oidcInitializationError.isAuthServerLikelyDown)}</p>}>
        <Who />
      </OidcInitializationErrorGate>
    </Suspense>
  );
}
