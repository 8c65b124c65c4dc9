// npm's oidc-spa: what it does early comes first, and in its hidden frame
// nothing else of the app runs, as its documents advise. It looks for a session
// whenever a page is loaded, and takes the response out of the address itself.
import { createOidc, oidcEarlyInit } from "oidc-spa/core";

const { shouldLoadApp } = oidcEarlyInit({ BASE_URL: "/" });

export const frame = () => !shouldLoadApp;

export function connect({ authority, client_id, scope, redirect_uri, ...settings }) {
  const ready = createOidc({
    issuerUri: authority,
    clientId: client_id,
    scopes: scope.split(" ").filter((value) => value !== "openid"),
    ...settings,
  });
  const user = async () => {
    const oidc = await ready;
    if (oidc.initializationError) throw oidc.initializationError;
    return oidc.isUserLoggedIn ? { profile: oidc.getDecodedIdToken() } : null;
  };
  const token = async () => (await (await ready).getTokens()).accessToken;
  return {
    signin: async () => (await ready).login(),
    callback: user,
    user,
    restore: user,
    renew: async () => (await ready).renewTokens(),
    token,
    api: async (url) => fetch(url, { headers: { Authorization: `Bearer ${await token()}` } }),
  };
}
