// @ts-check
// The shape of Oidc without a provider, a worker and tokens that anybody takes. Who is signed in is what the app says until
// somebody signs in or out; then it is what the address says with which the page comes.

import { early } from "./arrival.js";

/** The parameter of an address that says it. */
const PARAMETER = "isUserLoggedIn";

/** The time of a token that never expires, in milliseconds: the end of the year 9999. */
const END = 253_402_300_799_999;

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

/** The address with another value of the parameter, or without it; the rest of its query stays as it is. */
function saying(address, value) {
  const url = new URL(address, location.origin), parts = url.search.slice(1).split("&").filter(Boolean);
  const found = parts.findIndex((part) => part.split("=")[0] === PARAMETER), at = found < 0 ? parts.length : found;
  parts.splice(at, 1, ...(value === undefined ? [] : [`${PARAMETER}=${value}`]));
  url.search = parts.join("&");
  return url.href;
}

/** What the address says with which the page came, or else what the app says. It does not stay in the address. */
function isSignedIn(initially) {
  const said = new URL(came).searchParams.get(PARAMETER);
  if (said !== null) history.replaceState(history.state, "", saying(location.href));
  return said === null ? initially : said === "true";
}

/** Loads a page of the app in which somebody is signed in, or nobody. */
function leave(address, signedIn) {
  location.assign(saying(address, signedIn));
  return forever();
}

/** The root of the app. */
function rootOf(given) {
  const base = new URL(`${given}`.replace(/\/?$/, "/"), location.origin);
  if (base.search) throw new Error("createMockOidc: BASE_URL has no query");
  return base.href;
}

/** See core-mock.d.ts. */
export async function createMockOidc({ isUserInitiallyLoggedIn = true, mockedParams, mockedTokens, BASE_URL, autoLogin, postLoginRedirectUrl }) {
  if (!globalThis.document) return forever(); // a server that renders the app
  const base = rootOf(BASE_URL ?? early.BASE_URL ?? "/");
  const common = {
    issuerUri: mockedParams?.issuerUri ?? "https://op.example/realms/mock",
    clientId: mockedParams?.clientId ?? "mock",
    validRedirectUri: base,
  };
  const login = async (given) => leave(given?.redirectUrl ?? location.href, true);
  if (!isSignedIn(isUserInitiallyLoggedIn)) {
    return autoLogin ? login({ redirectUrl: postLoginRedirectUrl }) : { ...common, isUserLoggedIn: false, initializationError: undefined, login };
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
  const { refreshToken, refreshTokenExpirationTime } = given, hasRefreshToken = given.hasRefreshToken === true || refreshToken !== undefined;
  return {
    accessToken: given.accessToken ?? "mocked-access-token",
    accessTokenExpirationTime: given.accessTokenExpirationTime ?? END,
    idToken: given.idToken ?? "mocked-id-token",
    decodedIdToken: given.decodedIdToken ?? lacking("decodedIdToken"),
    decodedIdToken_original: given.decodedIdToken_original ?? lacking("decodedIdToken_original"),
    issuedAtTime: Date.now(),
    getServerDateNow: Date.now,
    ...(hasRefreshToken ? { hasRefreshToken, refreshToken: refreshToken ?? "mocked-refresh-token", refreshTokenExpirationTime } : { hasRefreshToken }),
  };
}
