// @ts-check
// What else a UserManager has: members, settings and arguments that the other
// groups do not use.

/** @type {[string, any][]} */
export const members = [];

function resolve(t, value) {
  return typeof value === "function" ? value(t) : value;
}

/** A sign-in in a hidden frame, which does not leave the page, and then what the scenario is about. */
function after(name, { settings = {}, args = {}, script = {}, then }) {
  members.push([name, async (t) => {
    await t.provider(script);
    const um = t.manager(resolve(t, settings));
    await um.signinSilent(resolve(t, args));
    await then(t, um);
  }]);
}

/** Without a sign-in. */
function alone(name, act, { settings = {}, script = {} } = {}) {
  members.push([name, async (t) => {
    await t.provider(script);
    await act(t, t.manager(resolve(t, settings)));
  }]);
}

const user = (t, um) => t.attempt("user", () => um.getUser());
const silent = (args, options) => async (t, um) => {
  await t.attempt("silent", () => um.signinSilent(resolve(t, args)), options);
};

// storeUser, getUser
const fields = { access_token: "a", token_type: "Bearer", refresh_token: "r", scope: "openid", profile: { sub: "s", iss: "i", aud: "app", exp: 4e9, iat: 1 }, expires_at: 4e9, session_state: "x" };
alone("storeUser", async (t, um) => {
  await t.attempt("store", () => um.storeUser(new t.lib.User(fields)));
  await user(t, um);
  await t.attempt("remove", () => um.storeUser(null));
  await user(t, um);
});
alone("storeUser with app state", async (t, um) => {
  await t.attempt("store", () => um.storeUser(new t.lib.User({ ...fields, userState: { a: 1 }, url_state: "u" })));
  await user(t, um);
});
after("storeUser of the user", {
  then: async (t, um) => {
    const known = await um.getUser();
    known.profile.nickname = "mine";
    await t.attempt("store", () => um.storeUser(known));
    await user(t, um);
  },
});
after("storeUser null", { then: async (t, um) => { await t.attempt("store", () => um.storeUser(null)); await user(t, um); } });
after("getUser with raiseEvent", { then: async (t, um) => { await t.attempt("user", () => um.getUser(true)); await t.heard("UserLoaded", 2, 3000); } });
alone("getUser with raiseEvent of nobody", async (t, um) => { await t.attempt("user", () => um.getUser(true)); });

// events
/** Callbacks of userLoaded that note their names; the one called "bad" throws. */
function callbacks(...names) {
  const heard = [];
  const made = names.map((name) => () => {
    heard.push(name);
    if (name === "bad") throw new Error("of the app");
  });
  return { heard, made };
}
const told = async (t, um, heard) => {
  await t.attempt("load", () => um.events.load(new t.lib.User(fields)));
  t.show("heard", heard.join());
};
alone("events of the same callback twice", async (t, um) => {
  const { heard, made: [one, two] } = callbacks("one", "two");
  for (const callback of [one, two, one]) um.events.addUserLoaded(callback);
  um.events.removeUserLoaded(one);
  await told(t, um, heard);
});
alone("events without a callback that was added last", async (t, um) => {
  const { heard, made: [one, two] } = callbacks("one", "two");
  um.events.addUserLoaded(one);
  const remove = um.events.addUserLoaded(two);
  remove();
  um.events.removeUserLoaded(two);
  await told(t, um, heard);
});
alone("events with a callback that throws", async (t, um) => {
  const { heard, made } = callbacks("bad", "good");
  for (const callback of made) um.events.addUserLoaded(callback);
  await told(t, um, heard);
});

// signinResourceOwnerCredentials
const password = (extra = {}) => async (t, um) => {
  await t.attempt("password", () => um.signinResourceOwnerCredentials({ username: "ada", password: "p w&", ...extra }));
  await user(t, um);
};
alone("signinResourceOwnerCredentials", password());
alone("signinResourceOwnerCredentials refused", password(), { script: { answers: { token: [{ status: 400, body: { error: "invalid_grant", error_description: "wrong" } }] } } });
alone("signinResourceOwnerCredentials with userinfo", password(), { settings: { loadUserInfo: true } });
alone("signinResourceOwnerCredentials skipUserInfo", password({ skipUserInfo: true }), { settings: { loadUserInfo: true } });
alone("signinResourceOwnerCredentials with parameters", password(), { settings: { scope: "openid a", extraTokenParams: { tenant: "b" }, extraQueryParams: { x: "y" } } });
after("signinResourceOwnerCredentials of another", { then: async (t, um) => { await t.provider({ claims: { sub: "another" } }); await password()(t, um); } });

// signinSilent
after("signinSilent argument state", { args: { state: 1 }, then: async (t, um) => { await silent({ state: { b: 2 } })(t, um); await user(t, um); } });
after("signinSilent argument state in a frame", { args: { state: 1 }, script: { tokens: { refresh_token: null } }, then: async (t, um) => { await silent({ state: { b: 2 }, url_state: "u" })(t, um); await user(t, um); } });
after("signinSilent argument forceIframeAuth", { then: silent({ forceIframeAuth: true }) });
after("signinSilent argument silentRequestTimeoutInSeconds", {
  script: { tokens: { refresh_token: null } },
  then: async (t, um) => { await t.provider({ answers: { authorize: [{ hang: true }] } }); await silent({ silentRequestTimeoutInSeconds: 0.3 }, { code: "timeout", error: "ErrorTimeout" })(t, um); },
});
after("signinSilent setting silentRequestTimeoutInSeconds", {
  settings: { silentRequestTimeoutInSeconds: 0.3 }, script: { tokens: { refresh_token: null } },
  then: async (t, um) => { await t.provider({ answers: { authorize: [{ hang: true }] } }); await silent({}, { code: "timeout", error: "ErrorTimeout" })(t, um); },
});
const REFRESH = { scope: "openid a", resource: "https://api.example", extraTokenParams: { tenant: "b" }, login_hint: "ada" };
for (const [name, value] of Object.entries(REFRESH)) {
  after(`signinSilent argument ${name}`, { args: { scope: "openid a b" }, then: silent({ [name]: value }) });
}
after("signinSilent argument redirect_uri", { then: silent((t) => ({ redirect_uri: `${t.app}/suite/frame.html?other` })) });
const FRAME = { scope: "openid a", login_hint: "ada", acr_values: "b", max_age: 60, ui_locales: "en", extraQueryParams: { x: "y" }, extraTokenParams: { tenant: "b" }, id_token_hint: "a.b.c", resource: ["https://api.example"], nonce: "the-nonce-of-the-app" };
after("signinSilent arguments in a frame", { script: { tokens: { refresh_token: null } }, then: silent(FRAME) });
after("signinSilent argument prompt in a frame", { script: { tokens: { refresh_token: null } }, then: silent({ prompt: "login" }) });
after("signinSilent argument redirect_uri in a frame", { script: { tokens: { refresh_token: null } }, then: silent((t) => ({ redirect_uri: `${t.app}/suite/frame.html?other` })) });
for (const name of ["signinSilentCallback", "signinCallback"]) {
  alone(`signinSilent with ${name} in the frame`, async (t, um) => {
    t.plan((inner) => inner[name]());
    await silent()(t, um);
  }, { settings: (t) => ({ silent_redirect_uri: `${t.app}/window`, silentRequestTimeoutInSeconds: 3 }) });
}
alone("signinSilent of nobody", silent());
alone("signinSilent of nobody signed out", silent({}, { code: "provider_error", error: "ErrorResponse" }), { script: { signedOut: true } });
after("signinSilent setting validateSubOnSilentRenew", {
  settings: { validateSubOnSilentRenew: false }, script: { tokens: { refresh_token: null } },
  then: async (t, um) => { await t.provider({ claims: { sub: "another" } }); await silent()(t, um); await user(t, um); },
});
for (const value of [true, false]) {
  after(`signinSilent setting includeIdTokenInSilentRenew ${value}`, { settings: { includeIdTokenInSilentRenew: value }, script: { tokens: { refresh_token: null } }, then: silent() });
}
after("signinSilent setting refreshTokenAllowedScope", { settings: { refreshTokenAllowedScope: "openid a" }, args: { scope: "openid a b" }, then: silent() });
after("signinSilent with userinfo", { settings: { loadUserInfo: true, mergeClaimsStrategy: { array: "merge" } }, script: { claims: { groups: ["a"], o: { x: 1, l: [1] } }, userinfo: { groups: ["b"], o: { y: 2, l: [2] } } }, then: silent() });
after("signinSilent setting extraHeaders function", { settings: { extraHeaders: { "X-Made": () => "now" } }, then: silent() });
after("signinSilent setting requestTimeoutInSeconds", {
  settings: { requestTimeoutInSeconds: 0.5 },
  then: async (t, um) => { await t.provider({ answers: { token: [{ hang: true }] } }); await silent({}, { code: "timeout", error: "ErrorTimeout", ...t.ours ? {} : { limit: 1500 } })(t, um); },
});
members.push(["signinRedirect setting requestTimeoutInSeconds", [
  async (t) => {
    const um = t.manager({ requestTimeoutInSeconds: 0.5 });
    await t.leave(() => um.signinRedirect());
  },
  async (t) => {
    await t.provider({ answers: { token: [{ hang: true }] } });
    const um = t.manager({ requestTimeoutInSeconds: 0.5 });
    await t.attempt("callback", () => um.signinCallback(), { code: "timeout", error: "ErrorTimeout" });
  },
]]);

// signoutSilent
function signout(name, { settings = {}, args = {}, script = {}, act = undefined, code = undefined, error = undefined }) {
  after(`signoutSilent ${name}`, {
    settings: (t) => ({ popup_post_logout_redirect_uri: `${t.app}/suite/frame.html`, ...resolve(t, settings) }),
    then: async (t, um) => {
      await t.provider(script);
      if (act) t.plan(act);
      await t.attempt("signout", () => um.signoutSilent(resolve(t, args)), { code, error });
      await user(t, um);
    },
  });
}
signout("plain", {});
signout("argument state", { args: { state: { a: 1 } } });
signout("arguments", { args: (t) => ({ id_token_hint: "a.b.c", extraQueryParams: { x: "y" }, post_logout_redirect_uri: `${t.app}/suite/frame.html?other` }) });
signout("setting includeIdTokenInSilentSignout true", { settings: { includeIdTokenInSilentSignout: true } });
signout("setting includeIdTokenInSilentSignout false", { settings: { includeIdTokenInSilentSignout: false } });
signout("argument silentRequestTimeoutInSeconds", { args: { silentRequestTimeoutInSeconds: 0.3 }, script: { answers: { logout: [{ hang: true }] } }, code: "timeout", error: "ErrorTimeout" });
signout("refused", { args: { state: 1 }, script: { callback: { error: "access_denied", error_description: "no" } }, code: "provider_error", error: "ErrorResponse" });
signout("with signoutSilentCallback", { settings: (t) => ({ popup_post_logout_redirect_uri: `${t.app}/window` }), args: { state: 1 }, act: (um) => um.signoutSilentCallback() });
signout("with signoutCallback", { settings: (t) => ({ popup_post_logout_redirect_uri: `${t.app}/window` }), args: { state: 1 }, act: (um) => um.signoutCallback() });
signout("without a redirect URI", { settings: { popup_post_logout_redirect_uri: undefined, silentRequestTimeoutInSeconds: 0.5 }, code: "timeout", error: "ErrorTimeout" });

// signoutRedirectCallback
function signoutRedirect(name, { args = {}, script = {}, code = undefined, back = (um) => um.signoutRedirectCallback(), settings = {}, then = undefined }) {
  const all = (t) => ({ post_logout_redirect_uri: `${t.app}/back`, ...settings });
  members.push([`signoutRedirectCallback ${name}`, [
    async (t) => {
      const um = t.manager(all(t));
      await um.signinSilent();
      await t.provider(script);
      await t.leave(() => um.signoutRedirect(args));
    },
    async (t) => {
      const um = t.manager(all(t));
      const response = await t.attempt("callback", () => back(um), { code });
      t.show("is a SignoutResponse", response instanceof t.lib.SignoutResponse);
      await then?.(t, um);
    },
  ]]);
}
signoutRedirect("plain", {});
signoutRedirect("with app state", { args: { state: { a: 1 }, url_state: "u;v" } });
signoutRedirect("refused", { args: { state: 1 }, script: { callback: { error: "access_denied", error_description: "no", error_uri: "https://op.example/why" } }, code: "provider_error" });
signoutRedirect("twice", { args: { state: 1 }, then: async (t, um) => { await t.attempt("again", () => um.signoutRedirectCallback(`${t.app}/back?state=00000000000000000000000000000000`)); } });
signoutRedirect("by signoutCallback", { args: { state: { a: 1 } }, back: (um) => um.signoutCallback() });

// fetchRequestCredentials
for (const [fetchRequestCredentials, host] of [["include"], ["include", "dedicated"], ["include", "page"], ["omit"], ["same-origin"], []]) {
  alone(`setting fetchRequestCredentials ${fetchRequestCredentials}${host ? ` with host ${host}` : ""}`, async (t, um) => {
    t.cookie();
    await t.attempt("frame", () => um.signinSilent().then((known) => known?.profile.sub));
    await t.attempt("refresh", () => um.signinSilent().then((known) => known?.profile.sub));
    await t.attempt("password", () => um.signinResourceOwnerCredentials({ username: "ada", password: "p" }).then((known) => known?.profile.sub));
    await t.attempt("revoke", () => um.revokeTokens(["refresh_token"]));
  }, { settings: { fetchRequestCredentials, host, loadUserInfo: true } });
}

// clearStaleState
alone("clearStaleState", async (t, um) => {
  localStorage.setItem("oidc.old", '{"id":"old","created":7}');
  localStorage.setItem("oidc.new", JSON.stringify({ id: "new", created: Math.floor(Date.now() / 1000) }));
  localStorage.setItem("oidc.none", "no json");
  localStorage.setItem("other", '{"created":7}');
  await t.attempt("clear", () => um.clearStaleState());
  t.show("left", Object.keys(localStorage).sort());
  localStorage.clear();
});
alone("clearStaleState of the sign-ins", async (t, um) => {
  await t.attempt("clear", () => um.clearStaleState());
  await t.leave(() => um.signinRedirect());
});
members.at(-1)[1] = [members.at(-1)[1], async (t) => {
  const um = t.manager();
  await t.attempt("clear", () => um.clearStaleState());
  await t.attempt("callback", () => um.signinCallback().then((known) => known?.profile.sub));
}];

// redirectMethod and redirectTarget
/** The entry of the history before this one: that of the page that was left, unless it was replaced. */
function before(t) {
  t.show("before", navigation.entries().at(navigation.currentEntry.index - 1)?.url.endsWith(t.kept.left) === true);
}
async function leave(t, act) {
  if (document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve));
  await t.pause(20); // a page that is loading is replaced anyway
  t.kept.left = `#${crypto.randomUUID()}`;
  history.replaceState(null, "", t.kept.left);
  await t.leave(act);
}
for (const [name, { settings = {}, args = {} }] of Object.entries({
  "by default": {}, "setting redirectMethod replace": { settings: { redirectMethod: "replace" } },
  "argument over setting": { settings: { redirectMethod: "assign" }, args: { redirectMethod: "replace" } },
})) {
  members.push([`history of signinRedirect ${name}`, [
    async (t) => { const um = t.manager(settings); await leave(t, () => um.signinRedirect(args)); },
    async (t) => { before(t); },
  ]]);
  members.push([`history of signoutRedirect ${name}`, [
    async (t) => {
      const um = t.manager({ post_logout_redirect_uri: `${t.app}/back`, ...settings });
      await um.signinSilent();
      await leave(t, () => um.signoutRedirect(args));
    },
    async (t) => { before(t); },
  ]]);
}
for (const redirectTarget of [undefined, "self", "top"]) {
  members.push([`signinRedirect setting redirectTarget ${redirectTarget}`, [
    async (t) => {
      t.plan((um) => um.signinRedirect(), { settings: { redirectTarget } });
      const frame = document.createElement("iframe");
      frame.src = "/window";
      await t.leave(() => {
        document.body.append(frame);
        const asked = redirectTarget === "top" ? "POST token" : "GET authorize";
        return t.until(asked, async () => window.plan.failed || (await t.log()).includes(asked)).then(() => t.pause(200));
      });
      t.show("at", new URL(frame.contentWindow.location.href).pathname);
    },
    async (t) => {
      const um = t.manager();
      await t.attempt("callback", () => um.signinCallback().then((known) => known?.profile.sub));
    },
  ]]);
}

// Stores of the app
/** A store whose uses are written down. */
function store(t, name) {
  const map = new Map();
  return {
    set: async (key, value) => { t.say(`${name} set ${key}`); map.set(key, value); },
    get: async (key) => map.get(key) ?? null,
    remove: async (key) => { t.say(`${name} remove ${key}`); const value = map.get(key) ?? null; map.delete(key); return value; },
    getAllKeys: async () => [...map.keys()],
  };
}
alone("setting userStore", async (t, um) => {
  await t.attempt("silent", () => um.signinSilent().then((known) => known?.profile.sub));
  await t.attempt("user", () => um.getUser().then((known) => known?.profile.sub));
  await t.attempt("remove", () => um.removeUser());
  await user(t, um);
}, { settings: (t) => ({ userStore: store(t, "users") }) });
alone("setting stateStore", async (t, um) => {
  await t.attempt("silent", () => um.signinSilent().then((known) => known?.profile.sub));
}, { settings: (t) => ({ stateStore: store(t, "states") }) });
after("settings userStore and stateStore of the web", {
  settings: (t) => ({
    userStore: new t.lib.WebStorageStateStore({ store: localStorage, prefix: "mine." }),
    stateStore: new t.lib.WebStorageStateStore({ store: sessionStorage, prefix: "mine." }),
  }),
  then: async (t, um) => { await t.attempt("user", () => um.getUser().then((known) => known?.profile.sub)); },
});

// DPoP
const dpop = (t) => ({ dpop: { store: new t.lib.IndexedDbDPoPStore() } });
const bound = { tokens: { token_type: "DPoP" } };
after("setting dpop", { settings: dpop, script: bound, then: async (t, um) => { await user(t, um); await silent()(t, um); } });
after("setting dpop bind_authorization_code", {
  settings: (t) => ({ dpop: { store: new t.lib.IndexedDbDPoPStore(), bind_authorization_code: true } }), script: bound, then: user,
});
after("dpopProof", {
  settings: dpop, script: bound,
  then: async (t, um) => {
    const known = await um.getUser();
    const show = (proof) => {
      const [header, payload] = proof.split(".").slice(0, 2).map((part) => JSON.parse(atob(part.replace(/-/g, "+").replace(/_/g, "/"))));
      const { jwk, ...head } = header;
      const { iat, jti, ath, ...claims } = payload;
      return { ...head, jwk: Object.keys(jwk).sort(), ...claims, ath: ath?.length, iat: typeof iat, jti: typeof jti };
    };
    await t.attempt("GET", () => um.dpopProof("https://api.example/a", known).then(show));
    await t.attempt("POST", () => um.dpopProof("https://api.example/a?b=c", known, "POST", "the-nonce").then(show));
  },
});
alone("generateDPoPJkt", async (t, um) => {
  const settings = dpop(t).dpop;
  await t.attempt("thumbprint", async () => {
    const [first, second] = [await um.generateDPoPJkt(settings), await um.generateDPoPJkt(settings)];
    return [/^[\w-]{43}$/.test(first), first === second];
  });
}, { settings: dpop });
alone("dpopProof of nobody", async (t, um) => { await t.attempt("proof", () => um.dpopProof("https://api.example/a", null)); });
