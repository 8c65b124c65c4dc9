import { oidcSpa } from "oidc-spa/react-spa";

export const { bootstrapOidc, useOidc, getOidc, enforceLogin, withLoginEnforced, OidcInitializationGate } = oidcSpa
  .withExpectedDecodedIdTokenShape({
    decodedIdTokenSchema: { parse: (claims) => ({ sub: claims.sub, named: Boolean(claims.name) }) },
    decodedIdToken_mock: { sub: "mock-user", named: true },
  })
  .createUtils();

const mock = new URLSearchParams(location.search).has("mock");

if (mock) {
  void bootstrapOidc({ implementation: "mock", isUserInitiallyLoggedIn: false });
} else {
  const { issuerUri, clientId } = await (await fetch("/config.json")).json();
  void bootstrapOidc({ implementation: "real", issuerUri, clientId });
}

export async function fetchWithAuth(path: string) {
  const oidc = await getOidc({ assert: "user logged in" });
  const accessToken = await oidc.getAccessToken();
  return { path, authorization: `Bearer ${accessToken}` };
}
