// @ts-check
// OidcClient and MetadataService: the protocol one step at a time.

/** @type {[string, any][]} */
export const client = [];

/** The provider's answer to a request, without leaving the page: a hidden frame goes there and tells where it ended. */
export function visit(url) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    addEventListener("message", function hear({ data, source }) {
      if (source !== frame.contentWindow) return;
      removeEventListener("message", hear);
      frame.remove();
      resolve(data.url);
    });
    frame.src = url;
    document.body.append(frame);
  });
}

/** Settings that come back to a page that tells its address. */
function settings(t, extra = {}) {
  return t.settings({ redirect_uri: `${t.app}/suite/frame.html`, post_logout_redirect_uri: `${t.app}/suite/frame.html`, ...extra });
}

/** What an app may read of a state; the secrets in it differ. */
function shown(state) {
  const { id, created, code_verifier, code_challenge, nonce, client_secret, ...rest } = state;
  return { ...rest, id: typeof id, created: Math.abs(created - Date.now() / 1000) < 5 };
}

function signin(name, { extra = {}, args = {}, script = {}, code = undefined, given = [], cookie = false, then = undefined }) {
  client.push([`OidcClient ${name}`, async (t) => {
    await t.provider(script);
    if (cookie) t.cookie();
    const oidc = new t.lib.OidcClient(settings(t, extra));
    let made = "";
    await t.attempt("create", () => oidc.createSigninRequest(args).then(({ url, state }) => { made = url; return { state: shown(state) }; }));
    if (!made) return;
    const url = await visit(made);
    const read = await oidc.readSigninResponseState(url).catch((reason) => reason);
    t.show("read", read.state ? { state: shown(read.state), error: read.response.error } : String(read));
    const response = await t.attempt("process", () => oidc.processSigninResponse(url, ...given).then(plain), { code });
    await then?.(t, oidc, response, url);
  }]);
}

/** A response without what differs from run to run. */
function plain(response) {
  const { state, code, ...rest } = response;
  return { ...rest, isOpenId: response.isOpenId };
}

signin("sign-in", {});
signin("sign-in with app state", { args: { state: { a: 1 } } });
signin("sign-in with request_type", { args: { request_type: "mine", state: 1 } });
signin("sign-in with url_state", { args: { url_state: "u" } });
for (const [name, value] of Object.entries({ scope: "openid a", prompt: "login", display: "page", max_age: 60, ui_locales: "en", acr_values: "a", login_hint: "ada", id_token_hint: "a.b.c", extraQueryParams: { x: "y z" }, resource: ["https://a.example", "https://b.example"] })) {
  signin(`sign-in with ${name}`, { args: { [name]: value } });
}
signin("sign-in with redirect_uri", { extra: { redirect_uri: "https://app.example/" }, args: { redirect_uri: `${location.origin}/suite/frame.html?x=1` } });
signin("sign-in with response_mode", { args: { response_mode: "query" } });
signin("sign-in with response_type", { args: { response_type: "token" } });
signin("sign-in with fragment", { extra: { response_mode: "fragment" } });
signin("sign-in with userinfo", { extra: { loadUserInfo: true } });
signin("sign-in with client_secret", { extra: { client_secret: "s" } });
signin("sign-in refused", { args: { state: { a: 1 } }, script: { callback: { code: null, error: "access_denied", error_description: "no", session_state: "x" } }, code: "provider_error" });
signin("sign-in refused at the token endpoint", { script: { answers: { token: [{ status: 400, body: { error: "invalid_grant" } }] } }, code: "provider_error" });
signin("sign-in twice", { then: async (t, oidc) => { await t.attempt("again", () => oidc.processSigninResponse(`${t.app}/suite/frame.html?code=c&state=00000000000000000000000000000000`), { code: "state_unknown" }); } });
signin("extra members of the token response", { script: { tokens: { custom: 5 } } });

// What a call brings beside its response.
const again = (t, oidc, url, ...given) => t.attempt("again", () => oidc.processSigninResponse(url, ...given).then(plain));
signin("processSigninResponse extraHeaders", { extra: { loadUserInfo: true }, given: [{ "X-Call": "1", "X-Other": "2" }] });
signin("processSigninResponse extraHeaders beside those of the setting", { extra: { extraHeaders: { "X-Call": "setting", "X-Own": "2" } }, given: [{ "X-Call": "call" }] });
signin("processSigninResponse extraHeaders with client_secret_basic", {
  extra: { client_secret: "s", client_authentication: "client_secret_basic" }, given: [{ Authorization: "mine", "X-Call": "1" }],
});
signin("processSigninResponse extraHeaders function", { given: [{ "X-Call": () => "now" }] });
signin("processSigninResponse removeState false", {
  given: [undefined, false],
  then: async (t, oidc, _, url) => { await again(t, oidc, url, {}, false); await again(t, oidc, url); await again(t, oidc, url); },
});
signin("processSigninResponse removeState false, refused at the token endpoint", {
  given: [undefined, false], script: { answers: { token: [{ status: 400, body: { error: "invalid_grant" } }] } }, code: "provider_error",
  then: async (t, oidc, _, url) => { await again(t, oidc, url); },
});
signin("processSigninResponse removeState false, refused", {
  args: { state: 1 }, given: [undefined, false], script: { callback: { code: null, error: "access_denied" } }, code: "provider_error",
  then: async (t, oidc, _, url) => { await again(t, oidc, url); },
});
for (const fetchRequestCredentials of ["include", "omit", undefined]) {
  signin(`setting fetchRequestCredentials ${fetchRequestCredentials}`, {
    extra: { fetchRequestCredentials, loadUserInfo: true }, cookie: true,
    then: async (t, oidc, response) => { await refreshed(t, oidc, response); await t.attempt("revoke", () => oidc.revokeToken("the-token", "access_token")); },
  });
}

const refreshed = (t, oidc, args, extra = {}) => t.attempt("refresh", () => oidc.useRefreshToken({ state: args, ...extra }).then(plain));
signin("useRefreshToken extraHeaders", { extra: { loadUserInfo: true, extraHeaders: { "X-Own": "2" } }, then: async (t, oidc, response) => { await refreshed(t, oidc, response, { extraHeaders: { "X-Call": "1", "X-Own": "call" } }); } });
signin("useRefreshToken", { then: async (t, oidc, response) => { await refreshed(t, oidc, { ...response, data: { a: 1 } }); } });
signin("useRefreshToken without a new ID token", { then: async (t, oidc, response) => { await t.provider({ tokens: { id_token: null, refresh_token: null } }); await refreshed(t, oidc, response); } });
signin("useRefreshToken of another", { then: async (t, oidc, response) => { await t.provider({ claims: { sub: "another" } }); await refreshed(t, oidc, response); } });
signin("useRefreshToken refused", { then: async (t, oidc, response) => { await t.provider({ answers: { token: [{ status: 400, body: { error: "invalid_grant" } }] } }); await refreshed(t, oidc, response); } });

function step(name, act, extra = {}, script = {}) {
  client.push([`OidcClient ${name}`, async (t) => {
    await t.provider(script);
    await act(t, new t.lib.OidcClient(settings(t, extra)));
  }]);
}

for (const [name, args] of Object.entries({ plain: {}, "extra parameters": { extraTokenParams: { x: "y z" } } })) {
  step(`password ${name}`, (t, oidc) => t.attempt("password", () => oidc.processResourceOwnerPasswordCredentials({ username: "ada", password: "p w", ...args }).then(plain)));
}
step("password without openid", (t, oidc) => t.attempt("password", () => oidc.processResourceOwnerPasswordCredentials({ username: "ada", password: "p" }).then(plain)), { scope: "api" });
step("password refused", (t, oidc) => t.attempt("password", () => oidc.processResourceOwnerPasswordCredentials({ username: "ada", password: "p" })), {}, { answers: { token: [{ status: 400, body: { error: "invalid_grant", error_description: "wrong" } }] } });
step("password with client_secret_basic", (t, oidc) => t.attempt("password", () => oidc.processResourceOwnerPasswordCredentials({ username: "ada", password: "p" }).then(plain)), { client_secret: "secret", client_authentication: "client_secret_basic" });

// The state is looked at by many at the same time, and is there for all of them.
step("readSigninResponseState of many", async (t, oidc) => {
  const url = await visit((await oidc.createSigninRequest({ state: { a: 1 } })).url);
  const read = () => oidc.readSigninResponseState(url).then(({ state }) => state.data);
  await t.attempt("read", () => Promise.all([read(), read(), read()]));
  await t.attempt("process", () => oidc.processSigninResponse(url).then(plain));
});
step("readSignoutResponseState of many", async (t, oidc) => {
  const url = await visit((await oidc.createSignoutRequest({ state: { a: 1 } })).url);
  const read = () => oidc.readSignoutResponseState(url).then(({ state }) => state.data);
  await t.attempt("read", () => Promise.all([read(), read(), read()]));
  await t.attempt("process", () => oidc.processSignoutResponse(url).then(({ state, ...rest }) => rest));
});

step("readSigninResponseState removeState", async (t, oidc) => {
  const url = await visit((await oidc.createSigninRequest({ state: { a: 1 } })).url);
  await t.attempt("read", () => oidc.readSigninResponseState(url, true).then(({ state }) => shown(state)));
  await t.attempt("process", () => oidc.processSigninResponse(url).then(plain));
});
step("readSignoutResponseState removeState", async (t, oidc) => {
  const url = await visit((await oidc.createSignoutRequest({ state: { a: 1 } })).url);
  await t.attempt("read", () => oidc.readSignoutResponseState(url, true).then(({ state }) => shown(state)));
});
step("readSignoutResponseState refused", async (t, oidc) => {
  const url = await visit((await oidc.createSignoutRequest({ state: { a: 1 } })).url);
  await t.attempt("read", () => oidc.readSignoutResponseState(url).then(({ state, response: { state: _, ...response } }) => ({ state: shown(state), ...response })));
  await t.attempt("process", () => oidc.processSignoutResponse(url));
}, {}, { callback: { error: "access_denied", error_description: "no" } });
step("readSignoutResponseState refused without a state", async (t, oidc) => {
  await t.attempt("read", () => oidc.readSignoutResponseState(`${t.app}/back?error=access_denied&error_description=no`));
});

// DPoP
const dpop = (t) => ({ dpop: { store: new t.lib.IndexedDbDPoPStore() } });
/** A proof without what differs from run to run. */
function proven(proof) {
  const [header, payload] = proof.split(".").slice(0, 2).map((part) => JSON.parse(atob(part.replace(/-/g, "+").replace(/_/g, "/"))));
  const { jwk, ...head } = header;
  const { iat, jti, ...claims } = payload;
  return { ...head, jwk: Object.keys(jwk).sort(), ...claims, iat: typeof iat, jti: typeof jti };
}
client.push(["OidcClient getDpopProof", async (t) => {
  const store = new t.lib.IndexedDbDPoPStore();
  const oidc = new t.lib.OidcClient(settings(t, { dpop: { store } }));
  const proofs = [];
  for (const nonce of [undefined, "the-nonce", undefined, "another"]) {
    await t.attempt("proof", () => oidc.getDpopProof(store, nonce).then((proof) => { proofs.push(proof); return proven(proof); }));
  }
  t.show("keys", new Set(proofs.map((proof) => proof.split(".")[0])).size);
  t.show("proofs", new Set(proofs).size);
}]);
client.push(["OidcClient sign-in with dpop", async (t) => {
  await t.provider({ tokens: { token_type: "DPoP" } });
  const oidc = new t.lib.OidcClient(settings(t, dpop(t)));
  const url = await visit((await oidc.createSigninRequest({})).url);
  const response = await t.attempt("process", () => oidc.processSigninResponse(url, { "X-Call": "1", DPoP: "mine" }).then(plain));
  await t.attempt("refresh", () => oidc.useRefreshToken({ state: response, extraHeaders: { "X-Call": "2", DPoP: "mine" } }).then(plain));
}]);

for (const type of ["access_token", "refresh_token", undefined]) step(`revokeToken ${type}`, (t, oidc) => t.attempt("revoke", () => oidc.revokeToken("the-token", type)));
step("revokeToken with client_secret", (t, oidc) => t.attempt("revoke", () => oidc.revokeToken("the-token", "access_token")), { client_secret: "s" });
step("revokeToken refused", (t, oidc) => t.attempt("revoke", () => oidc.revokeToken("the-token", "access_token")), {}, { answers: { revoke: [{ status: 400, body: { error: "unsupported_token_type" } }] } });
step("revokeToken with an answer in text", (t, oidc) => t.attempt("revoke", () => oidc.revokeToken("the-token", "access_token")), {}, { answers: { revoke: [{ status: 200, type: "text/plain", body: "OK" }] } });

function signout(name, { extra = {}, args = {}, script = {} }) {
  step(`sign-out ${name}`, async (t, oidc) => {
    let made = "";
    await t.attempt("create", () => oidc.createSignoutRequest(args).then(({ url, state }) => { made = url; return { state: state && shown(state) }; }));
    if (!made) return;
    const url = await visit(made);
    await t.attempt("process", () => oidc.processSignoutResponse(url).then(({ state, ...rest }) => rest));
  }, extra, script);
}
signout("plain", {});
signout("with app state", { args: { state: { a: 1 }, request_type: "so:r" } });
signout("with id_token_hint", { args: { id_token_hint: "a.b.c" } });
signout("with extraQueryParams", { args: { extraQueryParams: { x: "y" } } });
signout("refused", { args: { state: 1 }, script: { callback: { error: "access_denied" } } });
signout("without an endpoint", { script: { metadata: { end_session_endpoint: null } } });

step("clearStaleState", async (t, oidc) => {
  localStorage.setItem("oidc.old", '{"id":"old","created":7}');
  localStorage.setItem("oidc.user", '{"access_token":"x"}');
  await t.attempt("clear", () => oidc.clearStaleState());
  t.show("left", Object.keys(localStorage));
  localStorage.clear();
});
step("settings", async (t, oidc) => { t.show("is a store", oidc.settings instanceof t.lib.OidcClientSettingsStore); });

// MetadataService
const GETTERS = ["getIssuer", "getAuthorizationEndpoint", "getUserInfoEndpoint", "getTokenEndpoint", "getCheckSessionIframe", "getEndSessionEndpoint", "getRevocationEndpoint", "getKeysEndpoint"];
for (const name of GETTERS) {
  client.push([`MetadataService ${name}`, async (t) => {
    const oidc = new t.lib.OidcClient(settings(t));
    t.show("is one", oidc.metadataService instanceof t.lib.MetadataService);
    await t.attempt(name, () => oidc.metadataService[name]());
  }]);
}
client.push(["MetadataService required endpoint", async (t) => {
  await t.provider({ metadata: { revocation_endpoint: null } });
  const { metadataService } = new t.lib.OidcClient(settings(t));
  await t.attempt("optional", () => metadataService.getRevocationEndpoint());
  await t.attempt("required", () => metadataService.getRevocationEndpoint(false));
}]);
client.push(["MetadataService of a UserManager", async (t) => {
  const um = t.manager();
  await t.attempt("issuer", () => um.metadataService.getIssuer());
}]);
client.push(["MetadataService unreachable", async (t) => {
  await t.provider({ answers: { discovery: [{ status: 500, body: {} }] } });
  await t.attempt("issuer", () => new t.lib.OidcClient(settings(t)).metadataService.getIssuer());
}]);
