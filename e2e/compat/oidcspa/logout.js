// @ts-check
// Signing out, and what a page finds after that.

import { group, signIn, signedOut, start } from "./parts.js";

const { all, row } = group("logout", { at: "/orders?x=1#part" });
export const logout = all;

const NO_END = { ...signedOut, metadata: { end_session_endpoint: null } };

/** A sign-out with arguments, and what comes after. */
function call(name, args, scenario = {}) {
  row(name, {
    parts: [
      signIn,
      async (t) => { const oidc = await t.open(); await t.leave(() => oidc.logout(typeof args === "function" ? args(t) : args), 3000); },
      async (t) => { await t.start(); t.show("entries", t.entries()); },
    ],
    ...scenario,
  });
}

const TARGETS = {
  "home": { redirectTo: "home" },
  "current page": { redirectTo: "current page" },
  "specific url": { redirectTo: "specific url", url: "/bye?y=2#there" },
};
for (const [name, args] of Object.entries(TARGETS)) {
  call(name, args);
  call(`${name} without an endpoint`, args, { script: NO_END });
  call(`${name} with BASE_URL`, args.url ? { ...args, url: "/app/bye" } : args, { early: { BASE_URL: "/app/" }, at: "/app/orders?x=1" });
  call(`${name} with autoLogin`, args, { params: { autoLogin: true }, parts: [
    async (t) => { const oidc = await t.open(); await t.leave(() => oidc.logout(args)); }, start,
  ] });
}
call("specific url absolute", (t) => ({ redirectTo: "specific url", url: `${t.app}/bye` }));
call("specific url without a slash", { redirectTo: "specific url", url: "bye" });
call("specific url of a document", { redirectTo: "specific url", url: "/bye.html?y=2" });
call("specific url of this page", (t) => ({ redirectTo: "specific url", url: "/orders?x=1#part" }));
call("specific url beyond BASE_URL", { redirectTo: "specific url", url: "/bye" }, { early: { BASE_URL: "/app/" }, at: "/app/orders?x=1" });
call("specific url of another origin", (t) => ({ redirectTo: "specific url", url: `${t.op}/logout?post_logout_redirect_uri=${encodeURIComponent(`${t.app}/bye`)}` }));
call("specific url of a script", { redirectTo: "specific url", url: "javascript:alert(1)" });
call("specific url missing", { redirectTo: "specific url" });
call("to an unknown place", { redirectTo: "there" });
call("without arguments", undefined);

row("twice", {
  parts: [
    signIn,
    async (t) => { const oidc = await t.open(); await t.leave(() => Promise.all([oidc.logout({ redirectTo: "home" }), oidc.logout({ redirectTo: "current page" })])); },
    start,
  ],
});
row("refused by the provider", {
  parts: [
    signIn,
    async (t) => { const oidc = await t.open(); await t.provider({ ...signedOut, callback: { error: "access_denied" } }); await t.leave(() => oidc.logout({ redirectTo: "home" })); },
    async (t) => { await t.provider(signedOut); await t.start(); },
  ],
});

// Who has signed out is asked for the login, where the provider does not know of it.
for (const [name, script] of Object.entries({ "with": signedOut, "without": NO_END })) {
  row(`then login, ${name} an endpoint`, {
    script,
    parts: [signIn, async (t) => { const oidc = await t.open(); await t.leave(() => oidc.logout({ redirectTo: "home" })); }, signIn, start],
  });
  row(`then the page again, ${name} an endpoint`, {
    script,
    parts: [signIn, async (t) => { const oidc = await t.open(); await t.leave(() => oidc.logout({ redirectTo: "home" })); }, async (t) => { await t.start(); await t.restart(); }, start],
  });
  row(`then autoLogin, ${name} an endpoint`, {
    script, params: { autoLogin: true },
    parts: [async (t) => { const oidc = await t.open(); await t.leave(() => oidc.logout({ redirectTo: "home" })); }, start],
  });
  row(`full page redirect, ${name} an endpoint`, {
    script, params: { sessionRestorationMethod: "full page redirect" },
    parts: [signIn, async (t) => { const oidc = await t.open(); await t.leave(() => oidc.logout({ redirectTo: "home" })); }, async (t) => { await t.start(); await t.restart(); }, start],
  });
}
