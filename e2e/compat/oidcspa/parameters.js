// @ts-check
// The parameters of createOidc() and of the early script, one by one.

import { group, signIn, start, startWithTokens, who } from "./parts.js";

const { all, row } = group("parameter");
export const parameters = all;

/** Whether createOidc() takes it. */
function taken(name, params, scenario = {}) {
  row(name, { params, parts: [who], ...scenario });
}

for (const [name, params] of Object.entries({
  "issuerUri empty": { issuerUri: "" },
  "issuerUri no address": { issuerUri: "not an address" },
  "issuerUri with a query": { issuerUri: "https://op.example/?a=b" },
  "clientId empty": { clientId: "" },
  "clientId null": { clientId: null },
  "unknown": { redirectUri: "/back" },
  "sessionRestorationMethod unknown": { sessionRestorationMethod: "popup" },
  "idleSessionLifetimeInSeconds 30": { idleSessionLifetimeInSeconds: 30 },
  "idleSessionLifetimeInSeconds 300": { idleSessionLifetimeInSeconds: 300 },
  "extraTokenParams function": { extraTokenParams: () => ({ a: "1" }) },
  "autoLogoutParams unknown": { autoLogoutParams: { redirectTo: "there" } },
  "autoLogoutParams of another origin": { autoLogoutParams: { redirectTo: "specific url", url: "https://elsewhere.example/" } },
  "disableDPoP": { disableDPoP: true },
  "scopes undefined": { scopes: undefined },
})) taken(name, params);
taken("BASE_URL missing", {}, { early: {} });
taken("BASE_URL with a query", { BASE_URL: "/?a=b" });
taken("BASE_URL with a fragment", { BASE_URL: "/#a" });
taken("BASE_URL of another origin", { BASE_URL: "https://elsewhere.example/" });

/** A sign-in, and what comes of it. */
function works(name, params, scenario = {}) {
  row(name, { params, parts: [signIn, startWithTokens], ...scenario });
}

for (const scopes of [[], ["email", "openid", "email"], ["a b"]]) works(`scopes ${JSON.stringify(scopes)}`, { scopes });
works("issuerUri with a slash at its end", (t) => ({ issuerUri: `${t.op}/` }));
works("clientId other", { clientId: "an app/ä" });
works("BASE_URL of createOidc alone", { BASE_URL: "/" }, { early: {} });
works("BASE_URL of both", { BASE_URL: "/app/" }, { at: "/app/orders" });
works("BASE_URL absolute", (t) => ({ BASE_URL: t.app }), { early: {} });
works("BASE_URL empty", { BASE_URL: "" }, { early: {} });
works("extraQueryParams values", { extraQueryParams: { a: "1", none: undefined } });
works("extraQueryParams function", { extraQueryParams: ({ isSilent, url }) => ({ silent: `${isSilent}`, has: `${new URL(url).searchParams.has("response_type")}` }) });
works("extraQueryParams of several words", { extraQueryParams: { a: "x y&z=+é" } });
works("transformUrlBeforeRedirect", { transformUrlBeforeRedirect: ({ authorizationUrl, isSilent }) => `${authorizationUrl}&silent=${isSilent}` });
works("transformUrlBeforeRedirect after extraQueryParams", { extraQueryParams: { a: "1" }, transformUrlBeforeRedirect: ({ authorizationUrl }) => `${authorizationUrl}&has=${new URL(authorizationUrl).searchParams.get("a")}` });
works("transformUrlBeforeRedirect with repeated parameters", { transformUrlBeforeRedirect: ({ authorizationUrl }) => `${authorizationUrl}&resource=a&resource=b&q=a==` });
works("extraTokenParams", { extraTokenParams: { customer: "x y", none: undefined } });
works("__unsafe_clientSecret", { __unsafe_clientSecret: "GOCSPX" });
works("__unsafe_useIdTokenAsAccessToken", { __unsafe_useIdTokenAsAccessToken: true });
works("debugLogs", { debugLogs: true });
works("__metadata", (t) => ({
  __metadata: {
    issuer: t.op, authorization_endpoint: `${t.op}/authorize`, token_endpoint: `${t.op}/token`, jwks_uri: `${t.op}/jwks`, end_session_endpoint: `${t.op}/logout`,
  },
}));
works("__metadata in part", (t) => ({ __metadata: { authorization_endpoint: `${t.op}/authorize`, token_endpoint: `${t.op}/token`, jwks_uri: `${t.op}/jwks` } }));
works("decodedIdTokenSchema", { decodedIdTokenSchema: { parse: ({ sub, name }) => ({ sub, called: name.toUpperCase() }) } });
works("decodedIdTokenSchema that throws", { decodedIdTokenSchema: { parse() { throw new TypeError("of the app"); } } });

// Twice, and two at once.
row("second call", {
  parts: [async (t) => {
    const [one, two] = await Promise.all([t.open(), t.open({ scopes: ["email"] })]);
    t.show("same", one === two);
    await t.leave(() => two.login());
  }, async (t) => {
    const one = await t.open(), two = await t.open({ scopes: ["other"] });
    t.show("same", one === two);
  }],
});

// The early script.
row("early script missing", { early: null, params: { BASE_URL: "/" }, parts: [async (t) => { await t.attempt("oidc", () => t.core.createOidc(t.params()), (oidc) => oidc.isUserLoggedIn, 2000); }] });
row("early script unknown parameter", { early: { BASE_URL: "/", other: 1 }, parts: [who] });
row("early script securityDefenses empty", { early: { BASE_URL: "/", securityDefenses: {} }, parts: [who] });
row("early script again", {
  parts: [async (t) => {
    const { oidcEarlyInit } = await import(t.ours ? "/oidcspa/entrypoint.js" : "/theirs/entrypoint.mjs");
    t.show("again", oidcEarlyInit({ BASE_URL: "/other/" }));
    await who(t);
  }],
});
row("sessionRestorationMethod of the early script", { early: { BASE_URL: "/", sessionRestorationMethod: "full page redirect" }, parts: [signIn, async (t) => { await t.start(); await t.provider({}); await t.restart(); }, start] });
row("sessionRestorationMethod of createOidc before that", {
  early: { BASE_URL: "/", sessionRestorationMethod: "full page redirect" }, params: { sessionRestorationMethod: "iframe" },
  parts: [signIn, async (t) => { await t.start(); await t.provider({}); await t.restart(); }, start],
});
