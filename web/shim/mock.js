// @ts-check
// The shape of Oidc without a provider, a worker and tokens that anybody takes. Who is signed in is what the app says until
// somebody signs in or out; then it is what the address says with which the page comes.

import { early } from "./arrival.js";

/** The parameter of an address that says it. */
const PARAMETER = "isUserLoggedIn";

/** The time of a token that never expires, in milliseconds: the end of the year 9999. */
const END = 253_402_300_799_000;

/** The address with which the page came: the app may change it before it asks. */
const came = globalThis.location?.href;

const forever = () => new Promise(() => {});

/** An object that nobody has given: whoever reads it hears which. */
function lacking(name) {
  return new Proxy({}, {
    get(_, member) {
      throw new Error(`createMockOidc: ${String(member)} is read from ${name}, which mockedTokens has not`);
    },
  });
}

/** What the address says with which the page came, or else what the app says. It does not stay in the address. */
function isSignedIn(initially) {
  const said = new URL(came).searchParams.get(PARAMETER), url = new URL(location.href);
  if (url.searchParams.has(PARAMETER)) {
    url.searchParams.delete(PARAMETER);
    history.replaceState(history.state, "", url);
  }
  return said === null ? initially : said === "true";
}

/** Loads a page of the app in which somebody is signed in, or nobody. */
function leave(address, signedIn) {
  const url = new URL(address, location.href);
  if (url.origin === location.origin) url.searchParams.set(PARAMETER, `${signedIn}`);
  location.assign(url);
  return forever();
}

/** See core-mock.d.ts. */
export async function createMockOidc({ isUserInitiallyLoggedIn = true, mockedParams, mockedTokens, BASE_URL, autoLogin, postLoginRedirectUrl }) {
  if (!globalThis.document) return forever(); // a server that renders the app
  const base = new URL(`${BASE_URL ?? early.BASE_URL ?? "/"}`.replace(/\/?$/, "/"), location.origin).href;
  const common = {
    issuerUri: mockedParams?.issuerUri ?? "https://op.example/realms/mock",
    clientId: mockedParams?.clientId ?? "mock",
    validRedirectUri: base,
  };
  const login = async (given) => leave(given?.redirectUrl ?? postLoginRedirectUrl ?? location.href, true);
  if (!isSignedIn(isUserInitiallyLoggedIn)) {
    return autoLogin ? login() : { ...common, isUserLoggedIn: false, initializationError: undefined, login };
  }
  const tokens = tokensOf(mockedTokens ?? {});
  return {
    ...common,
    isUserLoggedIn: true,
    backFromAuthServer: undefined,
    isNewBrowserSession: false,
    getTokens: async () => tokens,
    getAccessToken: async () => tokens.accessToken,
    getDecodedIdToken: () => tokens.decodedIdToken,
    renewTokens: async () => {},
    subscribeToTokensChange: () => ({ unsubscribeFromTokensChange() {} }),
    subscribeToAutoLogoutCountdown: () => ({ unsubscribeFromAutoLogoutCountdown() {} }),
    goToAuthServer: async (given) => leave(given?.redirectUrl ?? location.href, true),
    logout: async ({ redirectTo, url }) => leave({ __proto__: null, "home": base, "current page": location.href }[redirectTo] ?? url, false),
  };
}

/** The tokens that the app gives, and in the place of others what says that it is none. */
function tokensOf(given) {
  const { refreshToken, hasRefreshToken = refreshToken !== undefined, refreshTokenExpirationTime } = given;
  return {
    accessToken: given.accessToken ?? "mocked-access-token",
    accessTokenExpirationTime: given.accessTokenExpirationTime ?? END,
    idToken: given.idToken ?? "mocked-id-token",
    decodedIdToken: given.decodedIdToken ?? lacking("decodedIdToken"),
    decodedIdToken_original: given.decodedIdToken_original ?? lacking("decodedIdToken_original"),
    issuedAtTime: given.issuedAtTime ?? Date.now(),
    getServerDateNow: given.getServerDateNow ?? Date.now,
    ...(hasRefreshToken ? { hasRefreshToken, refreshToken: refreshToken ?? "mocked-refresh-token", refreshTokenExpirationTime } : { hasRefreshToken }),
  };
}
