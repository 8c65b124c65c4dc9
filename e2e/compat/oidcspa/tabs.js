// @ts-check
// Two tabs: what happens in one of them is seen in the other one.

import { group, signIn, signedOut, start } from "./parts.js";

const { all, row } = group("tabs", { script: { ...signedOut, remembers: true }, second: start });
export const tabs = all;

const NOBODY = "result oidc.isUserLoggedIn: false", SOMEBODY = "result oidc.isUserLoggedIn: true";

row("sign-in", {
  parts: [
    async (t) => { const oidc = await t.open(); await t.openSecond("/bye"); await t.second(NOBODY); await t.leave(() => oidc.login()); },
    async (t) => { await t.start(); await t.second(SOMEBODY, true); },
  ],
});
row("sign-out", {
  parts: [
    signIn,
    async (t) => { const oidc = await t.open(); await t.openSecond("/bye"); await t.second(SOMEBODY); await t.leave(() => oidc.logout({ redirectTo: "home" })); },
    async (t) => { await t.start(); await t.second(NOBODY, true); },
  ],
});
row("renewal", {
  parts: [
    signIn,
    async (t) => {
      const oidc = await t.open();
      await t.openSecond("/bye");
      await t.second(SOMEBODY);
      await t.attempt("renew", () => oidc.renewTokens());
      await t.second(SOMEBODY, true);
    },
  ],
});
