// An app as users of oidc-client-ts write it. It is compiled against the types
// of oidc-client-ts and against ours, with the same strictness; only what the
// name "oidc-client-ts" stands for changes. It does not run.

import {
  AccessTokenEvents, CheckSessionIFrame, DPoPState, ErrorResponse, ErrorTimeout, IndexedDbDPoPStore, InMemoryWebStorage, Log,
  Logger, MetadataService, OidcClient, OidcClientSettingsStore, SessionMonitor, SigninResponse, SigninState, SignoutResponse,
  State, User, UserManager, UserManagerSettingsStore, Version, WebStorageStateStore,
} from "oidc-client-ts";
import type {
  AccessTokenCallback, AsyncStorage, CreateSigninRequestArgs, CreateSignoutRequestArgs, ExtraHeader, ExtraSigninRequestArgs,
  ExtraSignInSilentArgs, ExtraSignoutRequestArgs, IdTokenClaims, IFrameWindowParams, ILogger, INavigator, IWindow, NavigateParams,
  NavigateResponse, PopupWindowParams, QuerySessionStatusArgs, RedirectParams,
  JwtClaims, OidcAddressClaim, OidcClientSettings, OidcMetadata, OidcStandardClaims, PopupWindowFeatures,
  ProcessResourceOwnerPasswordCredentialsArgs, RefreshState, RevokeTokensTypes, SessionStatus, SigningKey, SigninPopupArgs,
  SigninRedirectArgs, SigninRequest, SigninSilentArgs, SigninStateArgs, SigninStateCreateArgs, SignoutPopupArgs,
  SignoutRedirectArgs, SignoutRequest, SilentRenewErrorCallback, StateStore, UserLoadedCallback, UserManagerEvents,
  UserManagerSettings, UserProfile, UserSessionChangedCallback, UserSignedInCallback, UserSignedOutCallback,
  UserUnloadedCallback, UseRefreshTokenArgs,
} from "oidc-client-ts";

// Settings: the object without a type, as most apps have it in a file of its own.
export const config = {
  authority: "https://op.example",
  client_id: "app",
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: location.origin,
  response_type: "code",
  scope: "openid profile email",
  loadUserInfo: true,
  automaticSilentRenew: true,
};

const seed: Partial<OidcMetadata> = { end_session_endpoint: "https://op.example/logout" };
const keys: SigningKey[] = [{ kty: "EC", crv: "P-256", x: "x", y: "y", key_ops: ["verify"] }];
const features: PopupWindowFeatures = { width: 500, height: 600, location: false, toolbar: "no", closePopupWindowAfterInSeconds: 60 };

export const settings: UserManagerSettings = {
  ...config,
  client_secret: "of no use",
  client_authentication: "client_secret_basic",
  token_endpoint_auth_signing_alg: "HS256",
  prompt: "login",
  display: "page",
  max_age: 3600,
  ui_locales: "de en",
  acr_values: "1",
  resource: ["https://api.example/a", "https://api.example/b"],
  response_mode: "query",
  extraQueryParams: { audience: "api", count: 1, flag: true },
  metadataUrl: "https://op.example/metadata",
  metadata: {
    issuer: "https://op.example",
    authorization_endpoint: "https://op.example/authorize",
    token_endpoint: "https://op.example/token",
    jwks_uri: "https://op.example/jwks",
    scopes_supported: ["openid"],
  },
  metadataSeed: seed,
  signingKeys: keys,
  popup_redirect_uri: `${location.origin}/popup`,
  popup_post_logout_redirect_uri: `${location.origin}/popup`,
  popupWindowFeatures: features,
  popupWindowTarget: "sign-in",
  silent_redirect_uri: `${location.origin}/silent`,
  silentRequestTimeoutInSeconds: 20,
  includeIdTokenInSilentRenew: true,
  monitorSession: true,
  monitorAnonymousSession: true,
  checkSessionIntervalInSeconds: 5,
  stopCheckSessionOnError: false,
  query_status_response_type: "code",
  revokeTokensOnSignout: true,
  accessTokenExpiringNotificationTimeInSeconds: 30,
};

// A logger of its own, and the level as a type.
const sink: ILogger = { debug: () => {}, info: () => {}, warn: console.warn, error: (...args: unknown[]) => console.error(...args) };
export function verbose(level: Log = Log.DEBUG): string {
  Log.reset();
  Log.setLogger(sink);
  Log.setLogger(console);
  Log.setLevel(level);
  new Logger("app").create("verbose").info(Version.toUpperCase(), Log.NONE);
  Logger.createStatic("app", "verbose").debug("begin");
  Logger.warn("app", "a", 1);
  return Log[level];
}
export function refuse(): never {
  return new Logger("app").throw(new Error("no"));
}

// A manager with members of its own, and events.
export class Auth extends UserManager {
  private readonly users: User[] = [];

  constructor(given: UserManagerSettings = settings) {
    super(given);
    this.events.addUserLoaded((user) => { this.users.push(user); });
    this.events.addUserLoaded(async (user: User) => { await fetch("/hello", { headers: headersOf(user) }); });
  }

  override async signinRedirect(args?: SigninRedirectArgs): Promise<void> {
    await super.signinRedirect({ ...args, state: { path: location.pathname } });
  }

  override async getUser(): Promise<User | null> {
    const user = await super.getUser();
    return user && !user.expired ? user : null;
  }
}

export const manager = new UserManager(settings);
export const plain = new UserManager(config);
export const auth: UserManager = new Auth();

export function listen(events: UserManagerEvents): () => void {
  const loaded: UserLoadedCallback = (user) => console.log(user.profile.sub);
  const unloaded: UserUnloadedCallback = () => location.reload();
  const failed: SilentRenewErrorCallback = (error) => console.warn(error.message);
  const expiring: AccessTokenCallback = async (...ev) => { console.log(ev.length); };
  const signedIn: UserSignedInCallback = () => {};
  const signedOut: UserSignedOutCallback = async () => { await manager.removeUser(); };
  const changed: UserSessionChangedCallback = () => {};
  const undo: (() => void)[] = [
    events.addUserLoaded(loaded), events.addUserUnloaded(unloaded), events.addSilentRenewError(failed),
    events.addSilentRenewError((error: Error) => { if (error instanceof ErrorTimeout) console.log(error.name); }),
    events.addAccessTokenExpiring(expiring), events.addAccessTokenExpired(() => void manager.signinSilent()),
    events.addUserSignedIn(signedIn), events.addUserSignedOut(signedOut), events.addUserSessionChanged(changed),
  ];
  events.removeUserLoaded(loaded);
  events.removeUserUnloaded(unloaded);
  events.removeSilentRenewError(failed);
  events.removeAccessTokenExpiring(expiring);
  events.removeAccessTokenExpired(expiring);
  events.removeUserSignedIn(signedIn);
  events.removeUserSignedOut(signedOut);
  events.removeUserSessionChanged(changed);
  return () => undo.forEach((remove) => remove());
}

const redirect: SigninRedirectArgs = {
  state: { returnTo: "/" }, scope: "openid", prompt: "login", login_hint: "alice", acr_values: "2", max_age: 0,
  ui_locales: "de", resource: "https://api.example", redirect_uri: "https://app.example/cb", extraQueryParams: { a: 1 },
};
const silent: SigninSilentArgs = { scope: "openid", login_hint: "alice", extraQueryParams: { a: "b" }, resource: ["https://api.example"] };
const handle: IWindow = {
  navigate: async ({ url, state, response_mode }: NavigateParams): Promise<NavigateResponse> => ({ url: `${url}${state}${response_mode}` }),
  close: () => {},
};
const navigator: INavigator = { prepare: async (_params: unknown) => handle, callback: async (_url: string, _params?: unknown) => {} };
export const native = new UserManager(settings, navigator, undefined, navigator);

const popup: SigninPopupArgs = { popupWindowFeatures: features, popupWindowTarget: "x", popupSignal: new AbortController().signal, popupAbortOnClose: true, state: 1 };
const signout: SignoutRedirectArgs = { id_token_hint: "t", post_logout_redirect_uri: "https://app.example", extraQueryParams: { a: true }, state: [1] };
const signoutWindow: SignoutPopupArgs = { ...signout, popupWindowTarget: "x" };

// Every method, with its result.
export async function all(): Promise<(User | undefined)[]> {
  const user: User | null = await manager.getUser();
  await manager.signinRedirect();
  await manager.signinRedirect(redirect);
  const returned = await manager.signinCallback();
  await manager.signinCallback("https://app.example/cb?code=c&state=s");
  const inWindow: User = await manager.signinPopup(popup);
  await manager.signinPopupCallback("https://app.example/cb", true);
  const renewed: User | null = await manager.signinSilent(silent);
  const status: SessionStatus | null = await manager.querySessionStatus();
  console.log(status?.session_state, status?.sub?.length);
  const types: RevokeTokensTypes = ["refresh_token"];
  await manager.revokeTokens(types);
  await manager.revokeTokens();
  await manager.removeUser();
  await manager.signoutRedirect(signout);
  await manager.signoutCallback();
  await manager.signoutPopup(signoutWindow);
  await manager.signoutPopupCallback(undefined, true);
  if (user) {
    const proof: string | undefined = await manager.dpopProof("https://api.example", user, "POST", "n");
    console.log(proof?.length);
  }
  const issuer: string = await manager.metadataService.getIssuer();
  const end: string | undefined = await manager.metadataService.getEndSessionEndpoint();
  console.log(issuer, end, manager.settings.client_id, manager.settings.silent_redirect_uri, manager.settings.popupWindowFeatures.width);
  const used: UserManagerSettingsStore = manager.settings;
  console.log(used.scope.split(" "), used.extraQueryParams.audience, used.userStore.getAllKeys(), used instanceof OidcClientSettingsStore);
  return [user ?? undefined, returned ?? undefined, inWindow, renewed ?? undefined];
}

// The user, and what it says of itself.
export function headersOf(user: User): Record<string, string> {
  return { Authorization: `${user.token_type} ${user.access_token}` };
}
export function describe(user: User): string {
  const profile: UserProfile = user.profile;
  const claims: IdTokenClaims = profile;
  const standard: OidcStandardClaims = profile;
  const jwt: JwtClaims = profile;
  const address: OidcAddressClaim | undefined = profile.address;
  const name: string = profile.name ?? profile.preferred_username ?? profile.email ?? profile.sub;
  const roles = profile.roles as string[] | undefined;
  const left: number | undefined = user.expires_in;
  const scopes: string[] = user.scopes;
  const sessionState: string | null = user.session_state;
  const data = user.state as { path: string } | undefined;
  const expired: boolean | undefined = user.expired;
  const until = user.expires_at === undefined ? null : new Date(user.expires_at * 1000);
  user.expires_in = 60;
  return [
    name, roles?.join(), left, scopes.length, sessionState, data?.path, expired, until?.toISOString(), user.scope?.length, user.id_token?.length,
    user.refresh_token?.length, profile.email_verified === true, address?.country, claims.auth_time, claims.exp - claims.iat, claims.sid,
    standard.updated_at, jwt.jti, claims.acr, claims.azp, profile.picture?.length,
  ].join(" ");
}
export class Employee extends User {
  get department(): string {
    return String(this.profile.department ?? "");
  }
}
export const somebody = new Employee({
  access_token: "a", token_type: "Bearer", profile: { sub: "s", iss: "i", aud: ["a"], exp: 1, iat: 0 }, session_state: null, userState: { a: 1 },
});
export const restored: User = User.fromStorageString(somebody.toStorageString());

// Errors.
export function reason(error: unknown): string {
  if (error instanceof ErrorTimeout) return error.message;
  if (error instanceof ErrorResponse) {
    const code: string | null = error.error;
    const text: string | null = error.error_description;
    const more: string | null = error.error_uri;
    return [code, text, more, error.session_state, error.state, error.form?.get("scope"), error.name, error.stack].join(" ");
  }
  return error instanceof Error && error.message === "No matching state found in storage" ? "again" : String(error);
}
export const errors: Error[] = [
  new ErrorTimeout(), new ErrorTimeout("late"),
  new ErrorResponse({ error: "login_required", error_description: null, userState: 1, session_state: null }, new URLSearchParams()),
];

// Stores.
class Remote implements AsyncStorage {
  readonly length = Promise.resolve(0);
  async clear() {}
  async getItem(_key: string): Promise<string | null> { return null; }
  async key(_index: number): Promise<string | null> { return null; }
  async removeItem(_key: string) {}
  async setItem(_key: string, _value: string) {}
}
class Prefixed extends WebStorageStateStore {
  override async get(key: string): Promise<string | null> {
    return super.get(`mine.${key}`);
  }
}
export const stores: StateStore[] = [
  new WebStorageStateStore(), new WebStorageStateStore({ store: localStorage }), new Prefixed({ prefix: "p.", store: new InMemoryWebStorage() }),
  new WebStorageStateStore({ store: new Remote() }),
];
export async function keep(store: StateStore): Promise<void> {
  await store.set("a", "1");
  const was: string | null = await store.remove("a");
  console.log(was, await store.getAllKeys());
  await State.clearStaleState(store, 60);
  const memory: Storage = new InMemoryWebStorage();
  memory.setItem("a", memory.key(0) ?? "");
  const keyPair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const dpop = new IndexedDbDPoPStore();
  await dpop.set("a", new DPoPState(keyPair, "n"));
  const { keys: pair, nonce } = await dpop.get("a");
  console.log(pair.publicKey.type, nonce, (await dpop.remove("a")).nonce);
}

// One step at a time.
export const clientSettings: OidcClientSettings = {
  authority: "https://op.example", client_id: "app", redirect_uri: "https://app.example/cb", response_type: "code", loadUserInfo: false,
  stateStore: new WebStorageStateStore({ store: localStorage }), staleStateAgeInSeconds: 60, extraQueryParams: { a: 1 },
};
export const client = new OidcClient(clientSettings);
export class Client extends OidcClient {
  override async createSigninRequest(args: CreateSigninRequestArgs): Promise<SigninRequest> {
    return super.createSigninRequest({ ...args, login_hint: "alice" });
  }
}
export async function steps(): Promise<void> {
  const kept = new OidcClientSettingsStore(clientSettings);
  const service = new MetadataService(kept);
  const other = new OidcClient(kept, service);
  const metadata: Partial<OidcMetadata> = await service.getMetadata();
  const token: string = await service.getTokenEndpoint(false);
  const revoke: string | undefined = await service.getRevocationEndpoint();
  const jwks: string | undefined = await service.getKeysEndpoint(true);
  console.log(metadata.issuer, token, revoke, jwks, await service.getSigningKeys(), await service.getUserInfoEndpoint());
  const request: SigninRequest = await other.createSigninRequest({ state: { a: 1 }, request_type: "mine", url_state: "u", scope: "openid", skipUserInfo: true });
  const state: SigninState = request.state;
  location.assign(request.url);
  const read = await client.readSigninResponseState(location.href);
  console.log(read.response.code === null, read.state.id === state.id, state.created, state.redirect_uri, state.code_verifier?.length);
  const response: SigninResponse = await client.processSigninResponse(location.href);
  const profile: UserProfile = response.profile;
  const renewal: RefreshState = {
    refresh_token: response.refresh_token ?? "", id_token: response.id_token, session_state: response.session_state, scope: response.scope, profile,
  } as RefreshState;
  const args: UseRefreshTokenArgs = { state: renewal };
  const again = await client.useRefreshToken(args);
  console.log(again.expires_in, again.isOpenId, again.userState, again.token_type, again.url_state);
  const credentials: ProcessResourceOwnerPasswordCredentialsArgs = { username: "alice", password: "p" };
  await client.processResourceOwnerPasswordCredentials({ ...credentials, extraTokenParams: { a: "b" } });
  await client.revokeToken(again.access_token, "access_token");
  const leaving: CreateSignoutRequestArgs = { id_token_hint: again.id_token, state: 1, post_logout_redirect_uri: "https://app.example" };
  const out: SignoutRequest = await client.createSignoutRequest(leaving);
  const done: SignoutResponse = await client.processSignoutResponse(out.url);
  console.log(out.state?.data, done.error, done.error_description, done.userState, done.state);
  await client.clearStaleState();
}
export async function states(): Promise<State[]> {
  const base: SigninStateArgs = { authority: "a", client_id: "b", redirect_uri: "c", scope: "d" };
  const given: SigninStateCreateArgs = { ...base, code_verifier: true };
  const made = await SigninState.create(given);
  const response = new SigninResponse(new URLSearchParams("code=c"));
  response.expires_in = 60;
  return [
    new State({ data: 1, url_state: "u" }), await State.fromStorageString("{}"), made, await SigninState.fromStorageString(made.toStorageString()),
  ];
}

// What watches.
export async function watch(user: User): Promise<void> {
  const events = new AccessTokenEvents({ expiringNotificationTimeInSeconds: 60 });
  const remove: () => void = events.addAccessTokenExpiring(() => {});
  await events.load(user);
  remove();
  await events.unload();
  const frame = new CheckSessionIFrame(async () => {}, "app", "https://op.example/check", 2, true);
  await frame.load();
  frame.start(user.session_state ?? "");
  frame.stop();
  console.log(new SessionMonitor(manager));
}
export const header: ExtraHeader = () => "now";

// What fewer apps use.
declare const custom: StateStore;
declare const dpopStore: { set(key: string, value: DPoPState): Promise<void>; get(key: string): Promise<DPoPState>; remove(key: string): Promise<DPoPState>; getAllKeys(): Promise<string[]> };
declare const described: Partial<OidcMetadata>;
const required = { authority: "https://op.example", client_id: "app", redirect_uri: "https://app.example/cb" };
export const rarer: UserManagerSettings[] = [
  { ...required, userStore: custom, stateStore: custom },
  { ...required, mergeClaimsStrategy: { array: "merge" }, refreshTokenAllowedScope: "openid", requestTimeoutInSeconds: 5 },
  { ...required, revokeTokenAdditionalContentTypes: ["text/plain"], validateSubOnSilentRenew: false, maxSilentRenewTimeoutRetries: 1 },
  { ...required, redirectMethod: "replace", redirectTarget: "top", includeIdTokenInSilentSignout: true },
  { ...required, iframeNotifyParentOrigin: "https://a.example", iframeScriptOrigin: "https://a.example" },
  { ...required, metadata: described, dpop: { store: dpopStore, bind_authorization_code: true } },
  { ...required, fetchRequestCredentials: "include" },
  { ...required, extraHeaders: { "X-Static": "1", "X-Computed": () => String(Date.now()) } },
];
export const rarerClients: OidcClientSettings[] = [
  { ...required, metadata: {}, metadataUrl: "https://op.example/metadata", metadataSeed: {}, extraHeaders: { "X-A": () => "1" } },
  { ...required, extraTokenParams: { a: "b" }, filterProtocolClaims: ["nbf"], mergeClaimsStrategy: { array: "replace" }, disablePKCE: true },
];
export async function rarely(manager: UserManager, user: User): Promise<void> {
  const present: User | null = await manager.getUser(true);
  await manager.storeUser(user);
  await manager.storeUser(null);
  await manager.signinSilentCallback();
  const typed: User = await manager.signinResourceOwnerCredentials({ username: "a", password: "b", skipUserInfo: true });
  const left: SignoutResponse = await manager.signoutRedirectCallback();
  const leftOrNot: SignoutResponse | undefined = await manager.signoutCallback();
  const returned: User | undefined = await manager.signinCallback();
  const redirected: User = await manager.signinRedirectCallback();
  await manager.signoutSilent({ state: 1, silentRequestTimeoutInSeconds: 5 });
  await manager.signoutSilentCallback();
  manager.startSilentRenew();
  manager.stopSilentRenew();
  await manager.clearStaleState();
  const thumbprint: string | undefined = await manager.generateDPoPJkt({ store: dpopStore });
  await manager.querySessionStatus({ silentRequestTimeoutInSeconds: 1 });
  await manager.events.load(user, false);
  await manager.events.unload();
  await manager.signinRedirect({ redirectMethod: "replace" });
  await manager.signoutRedirect({ redirectMethod: "assign" });
  await manager.signinSilent({ state: 1, silentRequestTimeoutInSeconds: 1, forceIframeAuth: true });
  console.log(present, typed, left.userState, leftOrNot?.url_state, returned, redirected, thumbprint);
}
export async function rareSteps(client: OidcClient): Promise<void> {
  const request = await client.createSigninRequest({ nonce: "n", extraTokenParams: { a: "b" }, request_uri: "urn:a" });
  await client.useRefreshToken({ state: {} as RefreshState, resource: ["a"], timeoutInSeconds: 1, extraTokenParams: { a: "b" }, extraHeaders: { "X-A": "1" } });
  const headers: Record<string, ExtraHeader> = { "X-A": "1", "X-B": () => "2" };
  const kept: SigninResponse = await client.processSigninResponse(location.href, headers, false);
  const read: { state: SigninState; response: SigninResponse } = await client.readSigninResponseState(location.href, true);
  const mode: "query" | "fragment" | undefined = read.state.response_mode;
  const proof: string = await client.getDpopProof(dpopStore, "n");
  console.log(kept.profile.sub, mode, proof, (await client.readSignoutResponseState(location.href, true)).state?.id);
  const { state, response }: { state: State | undefined; response: SignoutResponse } = await client.readSignoutResponseState(location.href);
  console.log(request.url, state?.id, response.error);
}

// What a wrapper gives on.
export const wrapped = {
  redirect: (manager: UserManager, args?: RedirectParams & ExtraSigninRequestArgs) => manager.signinRedirect(args),
  silent: (manager: UserManager, args?: IFrameWindowParams & ExtraSigninRequestArgs & ExtraSignInSilentArgs) => manager.signinSilent(args),
  popup: (manager: UserManager, args?: PopupWindowParams & ExtraSigninRequestArgs) => manager.signinPopup(args),
  signout: (manager: UserManager, args?: PopupWindowParams & ExtraSignoutRequestArgs) => manager.signoutPopup(args),
  status: (manager: UserManager, args?: QuerySessionStatusArgs) => manager.querySessionStatus(args),
};
