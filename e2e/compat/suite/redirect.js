// @ts-check
// Sign-in and sign-out by redirect: what is asked of the provider, and what
// the app gets.

/** @type {[string, any][]} */
export const redirect = [];

/** A sign-in that comes back and is completed. */
function signin(name, { settings = {}, args = {}, script = {}, code = undefined, then = undefined }) {
  redirect.push([`signinRedirect ${name}`, [
    async (t) => {
      await t.provider(script);
      const um = t.manager(resolve(t, settings));
      await t.leave(() => um.signinRedirect(resolve(t, args)));
    },
    async (t) => {
      const um = t.manager(resolve(t, settings));
      const user = await t.attempt("callback", () => um.signinCallback(), { code });
      t.show("expired", user?.expired);
      await t.attempt("getUser", () => um.getUser());
      await then?.(t, um);
    },
  ]]);
}

/** Settings and arguments may depend on where the app is. */
function resolve(t, value) {
  return typeof value === "function" ? value(t) : value;
}

signin("plain", {});

// Each parameter, as a setting and as an argument.
const PARAMETERS = {
  scope: "openid profile email",
  prompt: "login",
  display: "page",
  max_age: 3600,
  ui_locales: "en de",
  acr_values: "urn:a urn:b",
  response_mode: "query",
  resource: ["https://api.example/a", "https://api.example/b"],
  extraQueryParams: { a: "b c", "d&": "ä*~'()", n: 1, t: true },
};
for (const [name, value] of Object.entries(PARAMETERS)) {
  signin(`setting ${name}`, { settings: { [name]: value } });
  signin(`argument ${name}`, { args: { [name]: value } });
}
signin("argument over setting", { settings: { prompt: "login", scope: "openid a" }, args: { prompt: "consent", scope: "openid b" } });
signin("setting resource as text", { settings: { resource: "https://api.example/a" } });
signin("setting response_mode fragment", { settings: { response_mode: "fragment" } });
signin("argument max_age 0", { args: { max_age: 0 } });
signin("argument login_hint", { args: { login_hint: "ada@example.test" } });
signin("argument response_type", { args: { response_type: "code" } });
signin("argument id_token_hint", { args: { id_token_hint: "a.b.c" } });
signin("argument nonce", { args: { nonce: "the-nonce-of-the-app" } });
signin("argument url_state", { args: { url_state: "to;from" } });
signin("argument redirect_uri", { args: (t) => ({ redirect_uri: `${t.app}/back?x=1` }) });
signin("argument extraTokenParams", { args: { extraTokenParams: { tenant: "a b" } } });
signin("setting extraTokenParams", { settings: { extraTokenParams: { tenant: "a b" } } });
signin("setting client_secret", { settings: { client_secret: "s&c" } });
signin("setting client_authentication basic", { settings: { client_secret: "s&c", client_authentication: "client_secret_basic" } });
signin("setting client_authentication jwt", {
  settings: { client_secret: "0123456789abcdef0123456789abcdef", client_authentication: "client_secret_jwt" },
});
signin("setting extraHeaders", { settings: { extraHeaders: { "X-One": "1", "X-Two": "2" } } });
signin("setting extraHeaders function", { settings: () => ({ extraHeaders: { "X-Made": () => "now" } }) });
signin("setting disablePKCE", { settings: { disablePKCE: true } });
signin("setting omitScopeWhenRequesting", { settings: { omitScopeWhenRequesting: true } });
signin("setting filterProtocolClaims false", { settings: { filterProtocolClaims: false } });
signin("setting filterProtocolClaims list", { settings: { filterProtocolClaims: ["name", "sub"] } });
// It does not say that responses name their issuer: a redirect_uri of its own.
signin("setting metadata", { settings: (t) => ({ metadata: metadata(t), redirect_uri: `${t.app}/back?metadata` }) });
signin("setting metadataSeed", { settings: (t) => ({ metadataSeed: { authorization_endpoint: `${t.op}/authorize?seed=1` } }) });
signin("setting metadataUrl", { settings: (t) => ({ metadataUrl: `${t.op}/.well-known/openid-configuration?x=1` }) });
signin("settings of older versions", { settings: { clockSkewInSeconds: 300, clockSkew: 300, staleStateAge: 900, mergeClaims: true, revokeAccessTokenOnSignout: true } });
signin("setting redirectMethod", { settings: { redirectMethod: "replace" } });
signin("setting loadUserInfo", { settings: { loadUserInfo: true }, script: { userinfo: { groups: ["a"] } } });
signin("setting mergeClaimsStrategy", {
  settings: { loadUserInfo: true, mergeClaimsStrategy: { array: "merge" } },
  script: { claims: { groups: ["a", "b"] }, userinfo: { groups: ["b", "c"] } },
});
signin("setting staleStateAgeInSeconds", { settings: { staleStateAgeInSeconds: 60 } });
signin("setting fetchRequestCredentials", { settings: { fetchRequestCredentials: "omit" } });

// App state.
for (const [name, state] of Object.entries({ object: { a: [1, { b: null }] }, text: "here", number: 7, false: false, list: [1, 2] })) {
  signin(`state ${name}`, { args: { state } });
}

// What the provider may answer.
const REFUSALS = ["access_denied", "login_required", "server_error"];
for (const error of REFUSALS) {
  signin(`refused ${error}`, { script: { callback: { code: null, error, error_description: "a reason", error_uri: "https://op.example/why" } }, code: "provider_error" });
}
signin("refused with state", { args: { state: { a: 1 }, url_state: "u" }, script: { callback: { code: null, error: "access_denied" } }, code: "provider_error" });
signin("session_state", { script: { callback: { session_state: "abc.def" } } });
signin("token refused", {
  script: { answers: { token: [{ status: 400, body: { error: "invalid_grant", error_description: "expired" } }] } }, code: "provider_error",
});
signin("token 500", { script: { answers: { token: [{ status: 500, body: { no: "error" } }] } }, code: "http_status" });
signin("token html", { script: { answers: { token: [{ status: 200, type: "text/html", body: "<p>no" }] } }, code: "not_json" });
signin("no refresh token", { script: { tokens: { refresh_token: null } } });
signin("no expires_in", { script: { tokens: { expires_in: null } } });
signin("expires_in as text", { script: { tokens: { expires_in: "120" } } });
signin("granted scope", { script: { tokens: { scope: "openid other" } } });
signin("no id_token", { script: { tokens: { id_token: null } }, code: "id_token_missing" });
signin("extra claims", { script: { claims: { groups: ["a"], acr: "1", amr: ["pwd"], auth_time: 1700000000, jti: "j" } } });
signin("wrong nonce", { args: { nonce: "the-nonce-of-the-app" }, script: { claims: { nonce: "another" } }, code: "nonce_mismatch" });
signin("wrong issuer", { script: { claims: { iss: "https://evil.example" } }, code: "issuer_mismatch" });
signin("wrong audience", { script: { claims: { aud: "another" } }, code: "audience_mismatch" });
signin("expired id_token", { script: { claims: { exp: 1700000000 } }, code: "token_expired" });
signin("no sub", { script: { claims: { sub: null } }, code: "claim_invalid" });
signin("userinfo of another", { settings: { loadUserInfo: true }, script: { userinfo: { sub: "another" } }, code: "subject_changed" });
signin("userinfo refused", { settings: { loadUserInfo: true }, script: { answers: { userinfo: [{ status: 401, body: {} }] } }, code: "http_status" });

// Silent renewal after a sign-in.
signin("then signinSilent", { then: async (t, um) => { await t.attempt("silent", () => um.signinSilent()); } });
signin("then signinSilent in a frame", {
  script: { tokens: { refresh_token: null } },
  then: async (t, um) => { await t.attempt("silent", () => um.signinSilent()); },
});
signin("then three signinSilent", {
  then: async (t, um) => {
    await t.attempt("silent", () => Promise.all([um.signinSilent(), um.signinSilent(), um.signinSilent()]).then((users) => users.length));
  },
});
signin("then signinSilent refused", {
  then: async (t, um) => {
    await t.provider({ signedOut: true, answers: { token: [{ status: 400, body: { error: "invalid_grant" } }] } });
    await t.attempt("silent", () => um.signinSilent());
    await t.attempt("user", () => um.getUser());
  },
});
signin("then signinSilent signed out", {
  script: { tokens: { refresh_token: null } },
  then: async (t, um) => {
    await t.provider({ signedOut: true });
    await t.attempt("silent", () => um.signinSilent(), { code: "provider_error", error: "ErrorResponse" });
  },
});
signin("then signinSilent another", {
  script: { tokens: { refresh_token: null } },
  then: async (t, um) => {
    await t.provider({ claims: { sub: "another" } });
    await t.attempt("silent", () => um.signinSilent(), { code: "subject_changed" });
  },
});
signin("then removeUser", { then: async (t, um) => { await t.attempt("remove", () => um.removeUser()); await t.attempt("user", () => um.getUser()); } });
for (const types of [undefined, ["access_token"], ["refresh_token"], []]) {
  signin(`then revokeTokens ${types ? `[${types}]` : "by default"}`, {
    then: async (t, um) => { await t.attempt("revoke", () => um.revokeTokens(types)); await t.attempt("user", () => um.getUser()); },
  });
}
signin("then revokeTokens refused", {
  then: async (t, um) => {
    await t.provider({ answers: { revoke: [{ status: 503, body: { error: "temporarily_unavailable" } }] } });
    await t.attempt("revoke", () => um.revokeTokens(), { code: "provider_error" });
  },
});

// Sign-out.
function signout(name, { settings = {}, args = {}, script = {}, code = undefined }) {
  const all = (t) => ({ post_logout_redirect_uri: `${t.app}/back`, ...resolve(t, settings) });
  redirect.push([`signoutRedirect ${name}`, [
    async (t) => {
      const um = t.manager(all(t));
      await t.leave(() => um.signinRedirect());
    },
    async (t) => {
      const um = t.manager(all(t));
      await um.signinCallback();
      await t.provider(script);
      await t.leave(() => um.signoutRedirect(resolve(t, args)));
    },
    async (t) => {
      const um = t.manager(all(t));
      await t.attempt("callback", () => um.signoutCallback(), { code });
      await t.attempt("user", () => um.getUser());
    },
  ]]);
}

signout("plain", {});
signout("argument state", { args: { state: { a: 1 } } });
signout("argument url_state", { args: { url_state: "u;v" } });
signout("argument id_token_hint", { args: { id_token_hint: "a.b.c" } });
signout("argument extraQueryParams", { args: { extraQueryParams: { a: "b c" } } });
signout("setting extraQueryParams", { settings: { extraQueryParams: { a: "b c" } } });
signout("argument post_logout_redirect_uri", { args: (t) => ({ post_logout_redirect_uri: `${t.app}/back?out=1` }) });
signout("setting revokeTokensOnSignout", { settings: { revokeTokensOnSignout: true } });
signout("setting revokeTokenTypes", { settings: { revokeTokensOnSignout: true, revokeTokenTypes: ["refresh_token"] } });
signout("with offline_access", { settings: { scope: "openid offline_access" } });
signout("refused", { args: { state: 1 }, script: { callback: { error: "access_denied", error_description: "no" } }, code: "provider_error" });

// A callback without its sign-in.
function callback(name, query, code) {
  redirect.push([`signinCallback ${name}`, async (t) => {
    const um = t.manager();
    await t.attempt("callback", () => um.signinCallback(`${t.app}/back${query}`), { code });
    await t.attempt("redirectCallback", () => um.signinRedirectCallback?.(`${t.app}/back${query}`), { code });
  }]);
}
callback("without a response", "", "callback_missing");
callback("without a state", "?code=c", "state_mismatch");
callback("of an unknown state", "?code=c&state=00000000000000000000000000000000", "state_unknown");
callback("with an error of an unknown state", "?error=access_denied&state=00000000000000000000000000000000", "state_unknown");

function metadata(t) {
  return {
    issuer: t.op,
    authorization_endpoint: `${t.op}/authorize`,
    token_endpoint: `${t.op}/token`,
    userinfo_endpoint: `${t.op}/userinfo`,
    jwks_uri: `${t.op}/jwks`,
    end_session_endpoint: `${t.op}/logout`,
    revocation_endpoint: `${t.op}/revoke`,
  };
}
