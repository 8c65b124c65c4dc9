// An app as users of oidc-spa write it, for the compiler alone: it is compiled with our declarations and with those of npm
// oidc-spa; only what the names of its entry points stand for changes.

import { createOidc, OidcInitializationError } from "oidc-spa/core";
import type { Oidc, ParamsOfCreateOidc } from "oidc-spa/core";
import { oidcEarlyInit } from "oidc-spa/entrypoint";

const { shouldLoadApp } = oidcEarlyInit({ BASE_URL: "/", sessionRestorationMethod: "iframe" });
const loads: boolean = shouldLoadApp;

const schema = {
  parse: (claims: Oidc.Tokens.DecodedIdToken_OidcCoreSpec) => ({ sub: claims.sub, groups: claims.groups as string[] }),
};

const shared = {
  issuerUri: "https://op.example",
  clientId: "app",
  scopes: ["profile", "email"],
  transformUrlBeforeRedirect: ({ authorizationUrl, isSilent }: { authorizationUrl: string; isSilent: boolean }) => (isSilent ? authorizationUrl : `${authorizationUrl}&a=1`),
  extraQueryParams: ({ isSilent, url }: { isSilent: boolean; url: string }) => ({ ui_locales: isSilent ? undefined : url }),
  extraTokenParams: { tenant: "a", none: undefined },
  idleSessionLifetimeInSeconds: 300,
  autoLogoutParams: { redirectTo: "specific url", get url() { return `/bye?from=${location.pathname}`; } },
  sessionRestorationMethod: "auto",
  debugLogs: false,
  __unsafe_clientSecret: "none",
  __unsafe_useIdTokenAsAccessToken: false,
  __metadata: { authorization_endpoint: "https://op.example/authorize" },
  BASE_URL: "/",
  postLoginRedirectUrl: "/home",
  disableDPoP: true,
} satisfies ParamsOfCreateOidc;

async function withSchema() {
  const oidc = await createOidc({ ...shared, decodedIdTokenSchema: schema });
  if (!oidc.isUserLoggedIn) {
    const error: OidcInitializationError | undefined = oidc.initializationError;
    if (error) console.log(error.isAuthServerLikelyDown, error.message, error.cause);
    const left: never = await oidc.login({
      doesCurrentHrefRequiresAuth: true, extraQueryParams: { a: "1", b: undefined }, redirectUrl: "/", transformUrlBeforeRedirect: (url) => url,
    });
    // @ts-expect-error nobody has tokens
    oidc.getTokens();
    return left;
  }
  // @ts-expect-error who is signed in does not sign in
  oidc.login();
  const { groups }: { sub: string; groups: string[] } = oidc.getDecodedIdToken();
  const tokens = await oidc.getTokens();
  const times: number[] = [tokens.accessTokenExpirationTime, tokens.issuedAtTime, tokens.getServerDateNow()];
  const texts: string[] = [tokens.accessToken, tokens.idToken, tokens.decodedIdToken.sub, tokens.decodedIdToken_original.iss, ...groups];
  if (tokens.hasRefreshToken) {
    const refresh: [string, number | undefined] = [tokens.refreshToken, tokens.refreshTokenExpirationTime];
    console.log(refresh);
  }
  await oidc.renewTokens();
  await oidc.renewTokens({ extraTokenParams: { tenant: "b", none: undefined } });
  const { unsubscribeFromTokensChange } = oidc.subscribeToTokensChange(({ accessToken }) => console.log(accessToken.length, times, texts));
  unsubscribeFromTokensChange();
  const { unsubscribeFromAutoLogoutCountdown } = oidc.subscribeToAutoLogoutCountdown(({ secondsLeft }) => console.log((secondsLeft ?? 0) + 1));
  unsubscribeFromAutoLogoutCountdown();
  if (oidc.backFromAuthServer) console.log(oidc.backFromAuthServer.extraQueryParams.kc_action, oidc.backFromAuthServer.result.kc_action_status);
  const known: [boolean, string, string, string] = [oidc.isNewBrowserSession, oidc.issuerUri, oidc.clientId, oidc.validRedirectUri];
  console.log(known);
  if (known[0]) return oidc.goToAuthServer({ extraQueryParams: { kc_action: "UPDATE_PASSWORD" }, redirectUrl: "/", transformUrlBeforeRedirect: (url) => url });
  if (known[1]) return oidc.logout({ redirectTo: "home" });
  return oidc.logout({ redirectTo: "specific url", url: "/bye" });
}

async function alwaysSignedIn() {
  const oidc: Oidc.LoggedIn = await createOidc({ issuerUri: "https://op.example", clientId: "app", autoLogin: true });
  const { name } = oidc.getDecodedIdToken();
  return name;
}

export function isOidc(oidc: Oidc): oidc is Oidc.LoggedIn<Oidc.Tokens.DecodedIdToken_OidcCoreSpec> {
  return oidc.isUserLoggedIn;
}

if (loads) void withSchema().then(alwaysSignedIn);
