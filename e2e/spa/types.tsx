// What apps of oidc-spa use of its types, for the compiler alone: it is compiled with the declarations of npm oidc-spa and with
// ours. (compat/types/createoidc.ts has createOidc.)
import { createMockOidc, type ParamsOfCreateMockOidc } from "oidc-spa/core-mock";
import type { Oidc } from "oidc-spa/core";
import { OidcInitializationError, oidcEarlyInit as early } from "oidc-spa/core";
import { decodeJwt, InvalidTokenError, type JwtHeader, type JwtPayload } from "oidc-spa/decode-jwt";
import { oidcEarlyInit, type ParamsOfEarlyInit } from "oidc-spa/entrypoint";
import { createKeycloakUtils, isKeycloak, type KeycloakIssuerUriParsed, type KeycloakProfile, type KeycloakUserInfo, type KeycloakUtils } from "oidc-spa/keycloak";
import { oidcSpa, type GetOidc, type OidcSpaUtils, type ParamsOfBootstrap, type UseOidc } from "oidc-spa/react-spa";
import { oidcSpa as vitePlugin, type OidcSpaVitePluginParams } from "oidc-spa/vite-plugin";

const given = { BASE_URL: "/", sessionRestorationMethod: "auto", securityDefenses: {} } satisfies ParamsOfEarlyInit;
export const loads: boolean[] = [oidcEarlyInit(given).shouldLoadApp, early().shouldLoadApp];

// decode-jwt
const payload: JwtPayload = decodeJwt("a.b.c");
const header: JwtHeader = decodeJwt("a.b.c", { header: true });
const { groups } = decodeJwt<{ groups: string[] }>("a.b.c");
export const decoded: unknown[] = [payload.exp, header.kid, groups.length, InvalidTokenError.prototype instanceof Error];

// core-mock
const mock = { mockedTokens: { accessToken: "a", decodedIdToken: { sub: "b" } }, mockedParams: { clientId: "c" }, BASE_URL: "/", isUserInitiallyLoggedIn: false } satisfies ParamsOfCreateMockOidc<{ sub: string }>;
export async function mocked(): Promise<string> {
  const oidc: Oidc<{ sub: string }> = await createMockOidc(mock);
  if (!oidc.isUserLoggedIn) return oidc.login({ redirectUrl: "/" });
  const always: Oidc.LoggedIn<{ sub: string }> = await createMockOidc<{ sub: string }, true>({ autoLogin: true, mockedTokens: { decodedIdToken: { sub: "b" } } });
  return always.getDecodedIdToken().sub + (await oidc.getTokens()).accessToken;
}

// keycloak
export async function keycloak(issuerUri: string) {
  if (!isKeycloak({ issuerUri })) return null;
  const utils: KeycloakUtils = createKeycloakUtils({ issuerUri });
  const { origin, realm, kcHttpRelativePath }: KeycloakIssuerUriParsed = utils.issuerUriParsed;
  const profile: KeycloakProfile = await utils.fetchUserProfile({ accessToken: "a" });
  const info: KeycloakUserInfo = await utils.fetchUserInfo({ accessToken: "a" });
  return [origin, realm, kcHttpRelativePath ?? "", utils.adminConsoleUrl, utils.adminConsoleUrl_master, profile.username, info.sub,
    utils.getAccountUrl({ clientId: "a", validRedirectUri: "/", locale: "de" }), utils.transformUrlBeforeRedirectForRegister("https://op.example/auth")];
}

// react-spa
type Claims = { sub: string; groups: string[] };
const shape = oidcSpa.withExpectedDecodedIdTokenShape({
  decodedIdTokenSchema: { parse: (claims) => ({ sub: claims.sub, groups: claims.groups as string[] }) },
  decodedIdToken_mock: { sub: "a", groups: [] },
});
const utils: OidcSpaUtils<false, Claims> = shape.createUtils();
const auto: OidcSpaUtils<true, Claims> = shape.withAutoLogin().createUtils();
// @ts-expect-error once is enough
shape.withExpectedDecodedIdTokenShape;
// @ts-expect-error everybody is signed in
auto.enforceLogin;
// @ts-expect-error a start that fails is initializationError
utils.OidcInitializationErrorGate;

const real = {
  implementation: "real", issuerUri: "https://op.example", clientId: "app", scopes: ["profile"], warnUserSecondsBeforeAutoLogout: 30,
  idleSessionLifetimeInSeconds: 300, extraQueryParams: { ui_locales: "de" }, extraTokenParams: { tenant: "a" }, BASE_URL: "/",
  transformUrlBeforeRedirect: ({ authorizationUrl }: { authorizationUrl: string; isSilent: boolean }) => authorizationUrl, debugLogs: true,
  autoLogoutParams: { redirectTo: "home" }, sessionRestorationMethod: "iframe", disableDPoP: true,
} satisfies ParamsOfBootstrap<false, Claims>;
void utils.bootstrapOidc(real);
void utils.bootstrapOidc({ implementation: "mock", isUserInitiallyLoggedIn: true, decodedIdToken_mock: { sub: "a", groups: [] }, clientId_mock: "a" });
void auto.bootstrapOidc({ implementation: "mock" });
// @ts-expect-error it has to be said
void utils.bootstrapOidc({ implementation: "mock" });

export function Component() {
  const oidc: UseOidc.Oidc<Claims> = utils.useOidc();
  const { decodedIdToken }: UseOidc.Oidc.LoggedIn<Claims> = utils.useOidc({ assert: "user logged in" });
  const { login, initializationError }: UseOidc.Oidc.NotLoggedIn = utils.useOidc({ assert: "user not logged in" });
  const error: OidcInitializationError | undefined = initializationError;
  const { decodedIdToken: always } = auto.useOidc();
  if (!oidc.isUserLoggedIn) {
    // @ts-expect-error nobody has claims
    oidc.decodedIdToken.sub;
    return <button onClick={() => void [oidc.login({ extraQueryParams: { prompt: "create" } }), login()]}>{error?.message}</button>;
  }
  if (oidc.autoLogoutState.shouldDisplayWarning) return <p>{oidc.autoLogoutState.secondsLeftBeforeAutoLogout}</p>;
  const leave = () => (oidc.isNewBrowserSession ? oidc.logout({ redirectTo: "specific url", url: "/bye" }) : oidc.goToAuthServer({ extraQueryParams: { kc_action: "UPDATE_PASSWORD" } }));
  return <button onClick={leave} title={oidc.backFromAuthServer?.result.kc_action_status}>{[...decodedIdToken.groups, always.sub].join()}</button>;
}

export async function outside() {
  const oidc: GetOidc.Oidc<Claims> = await utils.getOidc();
  if (!oidc.isUserLoggedIn) return oidc.login({ redirectUrl: "/" });
  const { unsubscribeFromAccessTokenRotation } = oidc.subscribeToAccessTokenRotation((token) => token.length);
  const { unsubscribeFromDecodedIdTokenChange } = oidc.subscribeToDecodedIdTokenChange(({ groups }) => groups.length);
  const { unsubscribeFromAutoLogoutState } = oidc.subscribeToAutoLogoutState((state) => state.shouldDisplayWarning && state.secondsLeftBeforeAutoLogout);
  for (const stop of [unsubscribeFromAccessTokenRotation, unsubscribeFromDecodedIdTokenChange, unsubscribeFromAutoLogoutState]) stop();
  await oidc.renewTokens({ extraTokenParams: { tenant: "b" } });
  const { getAccessToken }: GetOidc.Oidc.LoggedIn<Claims> = await utils.getOidc({ assert: "user logged in" });
  const { getDecodedIdToken } = await auto.getOidc();
  await utils.enforceLogin({ request: new Request("/a"), cause: "preload", location: { href: "/a" } });
  return [await getAccessToken(), getDecodedIdToken().sub];
}

const Enforced = utils.withLoginEnforced(({ word }: { word: string }) => <p>{word}</p>);
export const tree = (
  <utils.OidcInitializationGate fallback={<p />}>
    <auto.OidcInitializationErrorGate errorComponent={({ oidcInitializationError }) => <p>{String(oidcInitializationError.isAuthServerLikelyDown)}</p>}>
      <Enforced word="a" />
    </auto.OidcInitializationErrorGate>
  </utils.OidcInitializationGate>
);

// vite-plugin
const options = {
  browserRuntimeFreeze: { enabled: true, excludes: ["fetch"] },
  tokenSubstitution: { enabled: true, trustedExternalResourceServers: ["api.example"], trustedExternalServiceWorkerSources: [] },
  DPoP: { enabled: true, mode: "auto" },
  sessionRestorationMethod: "full page redirect",
} satisfies OidcSpaVitePluginParams;
export const plugins = [vitePlugin(options), vitePlugin()].map(({ name }) => name);
