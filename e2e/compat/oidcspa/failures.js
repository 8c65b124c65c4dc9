// @ts-check
// What goes wrong: answers of the provider, and addresses that are no response of ours.

import { group, signIn, signedOut, start, who } from "./parts.js";

const { all, row } = group("failure");
export const failures = all;

// The start of a page on which nobody has signed in.
function starts(name, script, scenario = {}) {
  row(`start ${name}`, { script: { ...signedOut, ...script }, parts: [who], ...scenario });
}
const discovery = (answer) => ({ answers: { discovery: Array(8).fill(answer) } });
const ANSWERS = {
  "404": { status: 404, body: { error: "not_found" } },
  "500": { status: 500, body: "down", type: "text/plain" },
  "of a page": { body: "<!doctype html>", type: "text/html" },
  "of another origin's": { header: { "Access-Control-Allow-Origin": "https://elsewhere.example" }, body: {} },
  "empty": { body: {} },
};
for (const [name, answer] of Object.entries(ANSWERS)) {
  starts(`metadata ${name}`, discovery(answer));
  if (name !== "of a page") starts(`metadata ${name} with autoLogin`, discovery(answer), { params: { autoLogin: true } });
}
/** Has the browser say whether there is a network. */
function network(isThere) {
  Object.defineProperty(navigator, "onLine", { configurable: true, get: () => isThere });
  if (isThere) dispatchEvent(new Event("online"));
}
for (const [name, params, act] of [
  ["login", {}, async (t) => { const oidc = await t.open(); network(false); return oidc.login(); }],
  ["autoLogin", { autoLogin: true }, (t) => { network(false); return t.open(); }],
]) row(`${name} without a network`, {
  params,
  parts: [(t) => t.leave(async () => {
    const done = act(t);
    await t.pause(2000); // as long as leaving takes, and more
    t.show("asked", (await t.log()).includes("GET authorize"));
    network(true);
    return done;
  }), start],
});
// Somebody signs in, or had signed in, while the metadata is not to be had.
row("login metadata 500", { script: { ...signedOut, ...discovery(ANSWERS["500"]) }, parts: [async (t) => { const oidc = await t.open(); await t.leave(() => oidc.login(), 2000); }] });
row("restoration metadata 500", {
  parts: [signIn, async (t) => { await t.open(); await t.provider(discovery(ANSWERS["500"])); await t.restart("/bye"); }, start],
});
row("start again after a failure", {
  parts: [
    signIn,
    async (t) => { await t.open(); await t.provider(discovery(ANSWERS["500"])); await t.restart("/bye"); },
    async (t) => { const one = await t.start(); await t.provider({}); const two = await t.start({}, "again"); t.show("same", one === two); },
  ],
});

/** A login whose response, or what follows on it, is other than usual. */
function comes(name, script, scenario = {}) {
  row(`response ${name}`, {
    parts: [
      async (t) => { const oidc = await t.open(); await t.provider({ ...signedOut, ...script }); await t.leave(() => oidc.login()); },
      async (t) => { await t.provider(signedOut); await t.start(); },
    ],
    ...scenario,
  });
}
const error = (code, more = {}) => ({ callback: { code: null, error: code, ...more } });
for (const code of ["access_denied", "login_required", "interaction_required", "consent_required", "server_error", "temporarily_unavailable", "invalid_scope", "own_error"]) comes(code, error(code));
comes("access_denied with a description", error("access_denied", { error_description: "not now", error_uri: "https://op.example/e" }));
comes("with code and error", { callback: { error: "access_denied" } });
comes("without code and error", { callback: { code: null } });
comes("without a state", { callback: { state: null } });
comes("with another state", { callback: { state: "b2lkYy1zcGEu0123456789abcdefghij" } });
comes("with the state of nobody", { callback: { state: "0123456789abcdef0123456789abcdef" } });
comes("of another issuer", { callback: { iss: "https://elsewhere.example" } });
comes("without an issuer", { callback: { iss: null } });
comes("with tokens", { callback: { access_token: "x", id_token: "y" } });
const token = (answer) => ({ answers: { token: Array(3).fill(answer) } });
for (const [name, answer] of Object.entries({
  "invalid_grant": { status: 400, body: { error: "invalid_grant" } },
  "invalid_client": { status: 401, body: { error: "invalid_client", error_description: "Client authentication failed" } },
  "unauthorized_client": { status: 400, body: { error: "unauthorized_client" } },
  "invalid_client of Keycloak": { status: 401, body: { error: "unauthorized_client", error_description: "Invalid client or Invalid client credentials" } },
  "500": { status: 500, body: "down", type: "text/plain" },
  "a page": { body: "<!doctype html>", type: "text/html" },
  "nothing": { body: {} },
  "for another origin": { header: { "Access-Control-Allow-Origin": "https://elsewhere.example" }, body: {} },
})) comes(`tokens: ${name}`, token(answer));
comes("access_denied with autoLogin", error("access_denied"), { params: { autoLogin: true }, script: { ...signedOut, ...error("access_denied") }, parts: [start] });
comes("twice", {}, {
  script: { ...signedOut, remembers: true },
  parts: [signIn, async (t) => { await t.open(); const { url } = performance.getEntriesByType("navigation").map(({ name: url }) => ({ url }))[0]; await t.visit(url.slice(location.origin.length)); }, start],
});

// Addresses that nobody of us has asked for.
const STATE = "0123456789abcdef0123456789abcdef", THEIRS = "b2lkYy1zcGEu0123456789abcdefghij";
for (const at of [
  "/?code=a", "/?state=short", "/?code=a&state=short", "/?error=access_denied", "/?error=access_denied&state=short",
  `/?code=a&state=${STATE}`, `/?code=a&state=${THEIRS}`, `/?x=1&code=a&state=${THEIRS}&y=2`, `/?x=1&error=login_required&error_description=d&state=${THEIRS}&iss=i&session_state=s#there`,
  `/#code=a&state=${THEIRS}`, `/?x=1#code=a&state=${THEIRS}&y=2`, `/orders?code=a&state=${STATE}`, `/orders?code=a&state=${THEIRS}`,
  `/?state=${THEIRS}`, `/?x=1&state=${THEIRS}`, `/?state=${THEIRS}&client_id=c&response_type=code&redirect_uri=r`, `/?code=a&state=${THEIRS}&state=other`, `/?x=&x=2&code=a&state=${THEIRS}`,
]) row(`foreign ${at}`, { at, parts: [start] });
