// @ts-check
// The public classes beside UserManager, without a provider.

/** @type {[string, any][]} */
export const classes = [];

/** What a function returns or throws, without a network. */
function check(name, act) {
  classes.push([name, async (t) => { await t.attempt(name, async () => act(t.lib, t)); }]);
}

const EXPORTS = [
  "AccessTokenEvents", "CheckSessionIFrame", "DPoPState", "ErrorResponse", "ErrorTimeout", "InMemoryWebStorage",
  "IndexedDbDPoPStore", "Log", "Logger", "MetadataService", "OidcClient", "OidcClientSettingsStore", "SessionMonitor",
  "SigninResponse", "SigninState", "SignoutResponse", "State", "User", "UserManager", "UserManagerSettingsStore",
  "Version", "WebStorageStateStore",
];
for (const name of EXPORTS) check(`export ${name}`, (lib) => typeof lib[name]);

// Log
function logged(lib, act) {
  const lines = [];
  const logger = Object.fromEntries(["debug", "info", "warn", "error"].map((name) => [name, (...args) => lines.push([name, ...args])]));
  lib.Log.setLogger(logger);
  try {
    act(new lib.Logger("A"));
  } finally {
    lib.Log.reset();
  }
  return lines;
}
function all(logger) {
  for (const name of ["debug", "info", "warn", "error"]) logger[name](name, { a: 1 });
}
for (const level of ["NONE", "ERROR", "WARN", "INFO", "DEBUG"]) {
  check(`Log level ${level}`, (lib) => logged(lib, (logger) => { lib.Log.setLevel(lib.Log[level]); all(logger); }));
}
check("Log levels", (lib) => [0, 1, 2, 3, 4].map((value) => [lib.Log[value], lib.Log[lib.Log[value]]]));
check("Log default level", (lib) => logged(lib, all));
check("Log unknown level", (lib) => lib.Log.setLevel(5));
check("Log reset", (lib) => logged(lib, (logger) => { lib.Log.reset(); all(logger); }));
check("Logger create", (lib) => logged(lib, (logger) => { lib.Log.setLevel(4); all(logger.create("method")); }));
check("Logger createStatic", (lib) => logged(lib, () => { lib.Log.setLevel(4); lib.Logger.createStatic("A", "b").info("c"); }));
check("Logger static", (lib) => logged(lib, () => { lib.Log.setLevel(4); all({ debug: (...a) => lib.Logger.debug("S", ...a), info: (...a) => lib.Logger.info("S", ...a), warn: (...a) => lib.Logger.warn("S", ...a), error: (...a) => lib.Logger.error("S", ...a) }); }));
check("Logger throw", (lib) => { const lines = []; try { lines.push(...logged(lib, (logger) => logger.throw(new Error("x")))); } catch (e) { lines.push(e.message); } return lines; });

// Stores
check("WebStorageStateStore default", async (lib) => {
  const store = new lib.WebStorageStateStore();
  await store.set("a", "1");
  return [await store.get("a"), localStorage.getItem("oidc.a"), await store.getAllKeys()];
});
check("WebStorageStateStore remove", async (lib) => {
  const store = new lib.WebStorageStateStore({ prefix: "p.", store: sessionStorage });
  await store.set("a", "1");
  sessionStorage.setItem("other", "2");
  return [await store.getAllKeys(), await store.remove("a"), await store.remove("a"), await store.get("a"), await store.getAllKeys()];
});
check("WebStorageStateStore asynchronous", async (lib) => {
  const map = new Map();
  const store = new lib.WebStorageStateStore({ store: {
    getItem: async (key) => map.get(key) ?? null, setItem: async (key, value) => { map.set(key, value); },
    removeItem: async (key) => { map.delete(key); }, key: async (index) => [...map.keys()][index], get length() { return Promise.resolve(map.size); },
  } });
  await store.set("a", "1");
  return [await store.get("a"), await store.getAllKeys(), await store.remove("a"), map.size];
});
check("WebStorageStateStore returns promises", (lib) => {
  const store = new lib.WebStorageStateStore();
  return [store.set("a", "1"), store.get("a"), store.remove("a"), store.getAllKeys()].map((result) => result instanceof Promise);
});
check("InMemoryWebStorage", (lib) => {
  const storage = new lib.InMemoryWebStorage();
  storage.setItem("a", "1");
  storage.setItem("b", "2");
  const before = [storage.length, storage.key(0), storage.getItem("a"), storage.getItem("c")];
  storage.removeItem("a");
  const after = [storage.length, storage.key(0)];
  storage.clear();
  return [before, after, storage.length];
});
check("IndexedDbDPoPStore", async (lib) => {
  const store = new lib.IndexedDbDPoPStore();
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  await store.set("app", new lib.DPoPState(keys, "n"));
  const read = await store.get("app");
  return [await store.getAllKeys(), read.nonce, read.keys.publicKey.type, (await store.remove("app"))?.nonce, await store.get("app"), store._dbName, store._storeName];
});

// State
check("State defaults", (lib) => { const state = new lib.State({}); return [/^[0-9a-f]{32}$/.test(state.id), Math.abs(state.created - Date.now() / 1000) < 5, state.data]; });
check("State to storage", (lib) => new lib.State({ id: "1", data: { a: 1 }, created: 7, request_type: "si:r", url_state: "u" }).toStorageString());
check("State from storage", async (lib) => lib.State.fromStorageString('{"id":"1","data":2,"created":7,"request_type":"x","url_state":"u","other":1}'));
check("State from storage is a State", async (lib) => (await lib.State.fromStorageString('{"id":"1"}')) instanceof lib.State);
check("State clearStaleState", async (lib) => {
  const store = new lib.WebStorageStateStore({ store: new lib.InMemoryWebStorage() });
  await store.set("old", '{"id":"1","created":7}');
  await store.set("new", JSON.stringify({ id: "2", created: Math.floor(Date.now() / 1000) }));
  await store.set("none", "no json");
  await store.set("user", '{"access_token":"x"}');
  await lib.State.clearStaleState(store, 900);
  return store.getAllKeys();
});
check("SigninState create", async (lib) => {
  const state = await lib.SigninState.create({ authority: "https://op", client_id: "app", redirect_uri: "https://app/cb", scope: "openid", code_verifier: true });
  return [state instanceof lib.State, /^[0-9a-f]{96}$/.test(state.code_verifier), state.code_challenge.length];
});
check("SigninState challenge", async (lib) => (await lib.SigninState.create({ authority: "a", client_id: "b", redirect_uri: "c", scope: "d", code_verifier: "verifier" })).code_challenge);
check("SigninState without verifier", async (lib) => (await lib.SigninState.create({ authority: "a", client_id: "b", redirect_uri: "c", scope: "d", code_verifier: false })).code_challenge);
check("SigninState to storage", async (lib) => (await lib.SigninState.create({
  id: "1", created: 7, authority: "a", client_id: "b", redirect_uri: "c", scope: "d", code_verifier: "verifier", client_secret: "s",
  extraTokenParams: { t: 1 }, response_mode: "query", skipUserInfo: true, nonce: "n", request_type: "si:r", url_state: "u", data: [1],
})).toStorageString());
check("SigninState from storage", async (lib) => lib.SigninState.fromStorageString('{"id":"1","created":7,"authority":"a","client_id":"b","redirect_uri":"c","scope":"d","code_verifier":"verifier"}'));

// Responses
const RESPONSES = {
  code: "code=c&state=s&session_state=x",
  error: "error=e&error_description=d&error_uri=u&state=s",
  "url state": "code=c&state=s%3Ba%3Bb",
  empty: "",
};
for (const [name, query] of Object.entries(RESPONSES)) {
  check(`SigninResponse ${name}`, (lib) => new lib.SigninResponse(new URLSearchParams(query)));
  check(`SignoutResponse ${name}`, (lib) => new lib.SignoutResponse(new URLSearchParams(query)));
}
for (const value of [60, "60", 59.9, -1, 0, undefined]) {
  check(`SigninResponse expires_in ${typeof value} ${value}`, (lib) => {
    const response = new lib.SigninResponse(new URLSearchParams());
    response.expires_in = value;
    return [response.expires_in, typeof response.expires_at];
  });
}
check("SigninResponse isOpenId", (lib) => [["openid a", undefined], ["a", undefined], ["a", "t"], [undefined, undefined]].map(([scope, id_token]) => {
  return Object.assign(new lib.SigninResponse(new URLSearchParams()), { scope, id_token }).isOpenId;
}));

// User
const USER = {
  id_token: "i", session_state: "x", access_token: "a", refresh_token: "r", token_type: "Bearer", scope: "openid a",
  profile: { sub: "s", iss: "i", aud: "a", exp: 1, iat: 1 }, expires_at: 7, userState: { b: 1 }, url_state: "u",
};
check("User", (lib) => new lib.User(USER));
check("User with little", (lib) => new lib.User({ access_token: "a", token_type: "Bearer", profile: USER.profile }));
check("User to storage", (lib) => new lib.User(USER).toStorageString());
check("User from storage", (lib) => lib.User.fromStorageString(new lib.User(USER).toStorageString()));
check("User from storage is a User", (lib) => lib.User.fromStorageString("{}") instanceof lib.User);
check("User scopes", (lib) => [USER.scope, "", undefined].map((scope) => new lib.User({ ...USER, scope }).scopes));
check("User expired", (lib) => [7, 4e9, undefined].map((expires_at) => new lib.User({ ...USER, expires_at }).expired));
check("User expires_in", (lib) => { const user = new lib.User(USER); user.expires_in = 60.7; const first = user.expires_in; user.expires_in = undefined; return [first, user.expires_in]; });
check("User can be extended", (lib) => { class Mine extends lib.User { get first() { return this.scopes[0]; } } const user = new Mine(USER); return [user.first, user instanceof lib.User]; });

// Errors
check("ErrorResponse", (lib) => { throw new lib.ErrorResponse({ error: "e", error_description: "d", error_uri: "u", userState: { a: 1 }, session_state: "x", url_state: "v" }); });
check("ErrorResponse without a description", (lib) => { throw new lib.ErrorResponse({ error: "e" }); });
check("ErrorResponse without an error", (lib) => new lib.ErrorResponse({}));
check("ErrorResponse form", (lib) => new lib.ErrorResponse({ error: "e" }, new URLSearchParams("a=b")).form.get("a"));
check("ErrorResponse is an Error", (lib) => { const error = new lib.ErrorResponse({ error: "e" }); return [error instanceof Error, error instanceof lib.ErrorTimeout, error.error_description, error.session_state]; });
check("ErrorTimeout", (lib) => { throw new lib.ErrorTimeout("late"); });
check("ErrorTimeout is an Error", (lib) => { const error = new lib.ErrorTimeout(); return [error instanceof Error, error instanceof lib.ErrorResponse, error.message]; });

// Settings
const GIVEN = { authority: "https://op.example", client_id: "app", redirect_uri: "https://app.example/cb" };
const SET = {
  nothing: {}, "authority with slash": { authority: "https://op.example/" }, metadataUrl: { metadataUrl: "https://x" },
  scope: { scope: "a" }, response_type: { response_type: "id_token" }, client_secret: { client_secret: "s" },
  client_authentication: { client_authentication: "client_secret_basic" }, prompt: { prompt: "none" }, display: { display: "popup" },
  max_age: { max_age: 0 }, ui_locales: { ui_locales: "en" }, acr_values: { acr_values: "a" }, resource: { resource: ["r"] },
  response_mode: { response_mode: "fragment" }, filterProtocolClaims: { filterProtocolClaims: false }, loadUserInfo: { loadUserInfo: true },
  staleStateAgeInSeconds: { staleStateAgeInSeconds: 1 }, mergeClaimsStrategy: { mergeClaimsStrategy: { array: "merge" } },
  extraQueryParams: { extraQueryParams: { a: 1 } }, extraTokenParams: { extraTokenParams: { a: 1 } }, extraHeaders: { extraHeaders: { "X-A": "1" } },
  disablePKCE: { disablePKCE: true }, fetchRequestCredentials: { fetchRequestCredentials: "omit" },
  refreshTokenAllowedScope: { refreshTokenAllowedScope: "a" }, requestTimeoutInSeconds: { requestTimeoutInSeconds: 3 },
  omitScopeWhenRequesting: { omitScopeWhenRequesting: true }, metadata: { metadata: { issuer: "i" } }, metadataSeed: { metadataSeed: { issuer: "i" } },
  signingKeys: { signingKeys: [{ kid: "k" }] }, post_logout_redirect_uri: { post_logout_redirect_uri: "https://o" },
  popup_redirect_uri: { popup_redirect_uri: "https://p" }, popup_post_logout_redirect_uri: { popup_post_logout_redirect_uri: "https://p" },
  silent_redirect_uri: { silent_redirect_uri: "https://s" }, silentRequestTimeoutInSeconds: { silentRequestTimeoutInSeconds: 4 },
  popupWindowFeatures: { popupWindowFeatures: { width: 5 } }, popupWindowTarget: { popupWindowTarget: "t" }, redirectMethod: { redirectMethod: "replace" },
  redirectTarget: { redirectTarget: "top" }, automaticSilentRenew: { automaticSilentRenew: false }, validateSubOnSilentRenew: { validateSubOnSilentRenew: false },
  includeIdTokenInSilentRenew: { includeIdTokenInSilentRenew: true }, monitorSession: { monitorSession: true }, monitorAnonymousSession: { monitorAnonymousSession: true },
  checkSessionIntervalInSeconds: { checkSessionIntervalInSeconds: 9 }, stopCheckSessionOnError: { stopCheckSessionOnError: false },
  query_status_response_type: { query_status_response_type: "none" }, revokeTokenTypes: { revokeTokenTypes: ["access_token"] },
  revokeTokensOnSignout: { revokeTokensOnSignout: true }, includeIdTokenInSilentSignout: { includeIdTokenInSilentSignout: true },
  accessTokenExpiringNotificationTimeInSeconds: { accessTokenExpiringNotificationTimeInSeconds: 5 },
  maxSilentRenewTimeoutRetries: { maxSilentRenewTimeoutRetries: 2 }, iframeNotifyParentOrigin: { iframeNotifyParentOrigin: "https://n" },
  iframeScriptOrigin: { iframeScriptOrigin: "https://n" },
};
for (const [name, extra] of Object.entries(SET)) {
  check(`UserManagerSettingsStore ${name}`, (lib) => {
    const { stateStore, userStore, ...settings } = new lib.UserManagerSettingsStore({ ...GIVEN, ...extra });
    return { ...settings, stores: [stateStore, userStore].map((store) => store instanceof lib.WebStorageStateStore) };
  });
  check(`UserManager settings ${name}`, (lib) => {
    const { stateStore, userStore, ...settings } = new lib.UserManager({ ...GIVEN, ...extra }).settings;
    return settings;
  });
}
check("OidcClientSettingsStore", (lib) => { const { stateStore, ...settings } = new lib.OidcClientSettingsStore(GIVEN); return settings; });
check("UserManagerSettingsStore is one of OidcClient", (lib) => new lib.UserManagerSettingsStore(GIVEN) instanceof lib.OidcClientSettingsStore);
check("UserManager settings is a store", (lib) => new lib.UserManager(GIVEN).settings instanceof lib.UserManagerSettingsStore);
check("UserManager members", (lib) => { const um = new lib.UserManager({ ...GIVEN, automaticSilentRenew: false }); return ["events", "metadataService", "settings"].map((name) => typeof um[name]); });
check("UserManager events are those of a token", (lib) => new lib.UserManager({ ...GIVEN, automaticSilentRenew: false }).events instanceof lib.AccessTokenEvents);
check("UserManager can be extended", (lib) => { class Mine extends lib.UserManager { mine() { return this.settings.client_id; } } const um = new Mine({ ...GIVEN, automaticSilentRenew: false }); return [um.mine(), um instanceof lib.UserManager]; });

const METHODS = [
  "getUser", "storeUser", "removeUser", "signinRedirect", "signinRedirectCallback", "signinPopup", "signinPopupCallback", "signinSilent",
  "signinSilentCallback", "signinCallback", "signinResourceOwnerCredentials", "signoutRedirect", "signoutRedirectCallback", "signoutPopup",
  "signoutPopupCallback", "signoutSilent", "signoutSilentCallback", "signoutCallback", "revokeTokens", "querySessionStatus", "startSilentRenew",
  "stopSilentRenew", "clearStaleState", "dpopProof", "generateDPoPJkt",
];
for (const name of METHODS) check(`UserManager has ${name}`, (lib) => typeof lib.UserManager.prototype[name]);

// AccessTokenEvents
check("AccessTokenEvents", async (lib) => {
  const events = new lib.AccessTokenEvents({ expiringNotificationTimeInSeconds: 60 });
  const heard = [];
  await new Promise((resolve) => {
    events.addAccessTokenExpiring(() => heard.push("expiring"));
    const remove = events.addAccessTokenExpired(() => heard.push("never"));
    remove();
    events.addAccessTokenExpired(() => { heard.push("expired"); resolve(undefined); });
    events.load({ access_token: "a", expires_in: 2 });
  });
  return heard;
});
check("SessionMonitor without a manager", (lib) => new lib.SessionMonitor());
