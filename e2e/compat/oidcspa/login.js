// @ts-check
// Signing in: what the provider is asked, and where that leads to.

import { group, signIn, start, startWithTokens, who } from "./parts.js";

const { all, row } = group("login", { at: "/orders?x=1#part" });
export const login = all;

row("plain", { parts: [async (t) => { const oidc = await t.start(); await t.leave(() => oidc.login()); }, startWithTokens] });

/** A login with arguments, and what comes back. */
function call(name, args, scenario = {}) {
  row(name, {
    parts: [async (t) => { const oidc = await t.open(); await t.leave(() => oidc.login(typeof args === "function" ? args(t) : args)); }, start],
    ...scenario,
  });
}

call("with no options", {});
for (const redirectUrl of ["/bye?y=2#there", "bye", "/", "?z=1", "#elsewhere"]) call(`redirectUrl ${redirectUrl}`, { redirectUrl });
call("redirectUrl absolute", (t) => ({ redirectUrl: `${t.app}/bye` }));
call("redirectUrl of another origin", { redirectUrl: "https://elsewhere.example/bye" });
call("redirectUrl beyond BASE_URL", { redirectUrl: "/bye" }, { early: { BASE_URL: "/app/" }, at: "/app/orders" });
call("redirectUrl that is BASE_URL without its slash", { redirectUrl: "/app" }, { early: { BASE_URL: "/app/" }, at: "/app/orders" });
call("redirectUrl with the name of BASE_URL in front", { redirectUrl: "/application" }, { early: { BASE_URL: "/app/" }, at: "/app/orders" });
call("postLoginRedirectUrl", {}, { params: { postLoginRedirectUrl: "/bye" } });
call("redirectUrl before postLoginRedirectUrl", { redirectUrl: "/orders" }, { params: { postLoginRedirectUrl: "/bye" } });

for (const [name, extraQueryParams] of Object.entries({
  "value": { ui_locales: "fr" },
  "undefined": { a: "1", none: undefined },
  "empty": { a: "" },
  "letters": { a: "x y&z=+é/?#" },
  "prompt": { prompt: "consent" },
  "acr_values": { acr_values: "loa-1" },
  "max_age": { max_age: "600" },
  "client_id": { client_id: "other" },
  "state": { state: "mine" },
  "request": { request: "a.b.c" },
  "scope": { scope: "openid email" },
})) call(`extraQueryParams ${name}`, { extraQueryParams });
call("transformUrlBeforeRedirect", { transformUrlBeforeRedirect: (url) => `${url}&t=1` });
call("transformUrlBeforeRedirect after extraQueryParams", { extraQueryParams: { a: "1" }, transformUrlBeforeRedirect: (url) => `${url}&has=${new URL(url).searchParams.get("a")}` });
call("transformUrlBeforeRedirect that takes away", { transformUrlBeforeRedirect: (url) => url.replace("scope=openid+profile", "scope=openid") });
call("transformUrlBeforeRedirect that throws", { transformUrlBeforeRedirect() { throw new TypeError("of the app"); } });
call("of client and call", { extraQueryParams: { a: "call", b: "call" }, transformUrlBeforeRedirect: (url) => `${url}&of=call` }, {
  params: { extraQueryParams: { a: "client", c: "client" }, transformUrlBeforeRedirect: ({ authorizationUrl }) => `${authorizationUrl}&of=client` },
});

row("doesCurrentHrefRequiresAuth", {
  parts: [
    async (t) => { const oidc = await t.open(); await t.leave(() => oidc.login({ doesCurrentHrefRequiresAuth: true })); },
    async (t) => { await t.start(); t.show("entries", t.entries()); },
  ],
});
row("entries of the history", {
  parts: [signIn, async (t) => { await t.start(); t.show("entries", t.entries()); }],
});
row("twice", {
  parts: [async (t) => { const oidc = await t.open(); await t.leave(() => Promise.all([oidc.login({ extraQueryParams: { n: "1" } }), oidc.login({ extraQueryParams: { n: "2" } })])); }, start],
});
row("from a page that was pushed", {
  parts: [async (t) => { const oidc = await t.open(); history.pushState({ a: 1 }, "", "/bye?z=1"); await t.leave(() => oidc.login()); }, start],
});
row("and the state of the history", {
  parts: [async (t) => { const oidc = await t.open(); history.replaceState({ a: 1 }, "", location.href); await t.leave(() => oidc.login()); }, async (t) => { t.show("state", history.state); await t.start(); }],
});

// Addresses that look like a response.
for (const at of ["/orders?code=own&x=1", "/orders?state=own", "/orders?error=own", "/orders#code=own&state=own", "/?a=b&a=c", "/orders?q=%26%3D%2B#/route?x=1"]) {
  row(`from ${at}`, { at, parts: [signIn, start] });
}
for (const at of ["/", "/a/b/c/", "/orders.html", "/orders/ä"]) row(`from ${at}`, { at, parts: [signIn, start] });
for (const [BASE_URL, at] of [["/app/", "/app/orders"], ["/app", "/app/orders"], ["/app/", "/app/"], ["/app/", "/app"], ["/app/", "/orders"]]) {
  row(`BASE_URL ${BASE_URL} at ${at}`, { early: { BASE_URL }, at, parts: [signIn, start] });
}

// What the app hears of the response.
row("response with parameters", { script: { ...{ signedOut: true }, callback: { kc_action_status: "success", session_state: "s1", other: "x y" } }, parts: [signIn, start] });
row("and the page again", { parts: [signIn, start, start].map((part, i) => (i === 1 ? async (t) => { await part(t); await t.provider({}); await t.visit(); } : part)) });

// Going to the provider for something else.
function goes(name, args, scenario = {}) {
  row(`goToAuthServer ${name}`, {
    parts: [
      signIn,
      async (t) => { const oidc = await t.open(); await t.leave(() => oidc.goToAuthServer(args)); },
      start,
    ],
    ...scenario,
  });
}
goes("extraQueryParams", { extraQueryParams: { kc_action: "UPDATE_PASSWORD" } });
goes("redirectUrl", { redirectUrl: "/bye?done=1" });
goes("redirectUrl of another origin", { redirectUrl: "https://elsewhere.example/" });
goes("transformUrlBeforeRedirect", { transformUrlBeforeRedirect: (url) => `${url}&t=1` });
goes("of client and call", { extraQueryParams: { a: "call" } }, { params: { extraQueryParams: { a: "client", b: "client" } } });
row("goToAuthServer refused", {
  parts: [
    signIn,
    async (t) => {
      const oidc = await t.open();
      await t.provider({ callback: { code: null, error: "access_denied", kc_action_status: "cancelled" } });
      await t.leave(() => oidc.goToAuthServer({ extraQueryParams: { kc_action: "UPDATE_PASSWORD" } }));
    },
    async (t) => { await t.provider({}); await t.start(); },
  ],
});

// autoLogin
row("autoLogin", { params: { autoLogin: true }, parts: [start] });
row("autoLogin with a session at the provider", { script: {}, params: { autoLogin: true }, parts: [start] });
row("autoLogin with postLoginRedirectUrl", { params: { autoLogin: true, postLoginRedirectUrl: "/bye" }, parts: [start] });
row("autoLogin with extraQueryParams", { params: { autoLogin: true, extraQueryParams: { a: "1" } }, parts: [start] });
row("autoLogin entries", { params: { autoLogin: true }, parts: [async (t) => { await t.start(); t.show("entries", t.entries()); }] });
row("autoLogin full page redirect", { params: { autoLogin: true, sessionRestorationMethod: "full page redirect" }, parts: [start] });
row("autoLogin in vain", { script: { signedOut: true, metadata: { authorization_endpoint: null } }, params: { autoLogin: true }, parts: [who] });
