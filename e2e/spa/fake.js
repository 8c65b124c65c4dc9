// In the place of createoidc.js: a client whose events are those that a test makes.
export { oidcEarlyInit } from "./entrypoint.js";

export class OidcInitializationError extends Error {}

const listeners = new Set(), tickers = new Set();
let count = 1, claims = { sub: "one" };

const stays = new Error("the tab stays");

globalThis.fake = {
  listeners,
  logins: [],
  tick(secondsLeft) {
    for (const listener of tickers) listener({ secondsLeft });
  },
  renew(sub) {
    if (sub !== claims.sub) claims = { sub };
    const tokens = { accessToken: `token ${++count}`, decodedIdToken: claims };
    for (const listener of listeners) listener(tokens);
  },
};

export async function createOidc() {
  const asked = new URLSearchParams(location.search);
  if (asked.has("wrong")) throw new Error("there is no parameter");
  const common = { issuerUri: "https://op.example", clientId: "app", validRedirectUri: "/" };
  if (asked.has("nobody")) return {
    ...common,
    isUserLoggedIn: false,
    initializationError: undefined,
    async login({ redirectUrl = location.href, doesCurrentHrefRequiresAuth }) {
      globalThis.fake.logins.push(`${redirectUrl} ${doesCurrentHrefRequiresAuth}`);
      throw stays;
    },
  };
  return {
    ...common,
    isUserLoggedIn: true,
    getDecodedIdToken: () => claims,
    getAccessToken: async () => `token ${count}`,
    subscribeToTokensChange(listener) {
      listeners.add(listener);
      return { unsubscribeFromTokensChange: () => listeners.delete(listener) };
    },
    subscribeToAutoLogoutCountdown: (listener) => tickers.add(listener),
  };
}
