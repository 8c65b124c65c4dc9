// @ts-check
// Two clients on one page.

import { group, signedOut } from "./parts.js";

const { all, row } = group("clients", { script: { ...signedOut, remembers: true } });
export const clients = all;

const TWO = { clientId: "second" };

/** Both clients of the page, the second one after the first. */
const both = async (t) => [await t.start({}, "one"), await t.start(TWO, "two")];

row("nobody", { parts: [async (t) => { await both(t); }] });
row("login of the first", { parts: [async (t) => { const [one] = await both(t); await t.leave(() => one.login()); }, async (t) => { await both(t); }] });
row("login of the second", { parts: [async (t) => { const [, two] = await both(t); await t.leave(() => two.login({ redirectUrl: "/bye" })); }, async (t) => { await both(t); }] });
row("at the same time", {
  parts: [
    async (t) => { const [, two] = await Promise.all([t.open(), t.open(TWO)]); await t.leave(() => two.login()); },
    async (t) => { const [one, two] = await Promise.all([t.open(), t.open(TWO)]); t.show("signed in", [one.isUserLoggedIn, two.isUserLoggedIn]); },
  ],
});

/** Signs in to the second client, if its session has not come with that of the first one. */
const signInToSecond = async (t) => {
  const [, two] = [await t.open(), await t.open(TWO)];
  await (two.isUserLoggedIn ? t.visit("/bye") : t.leave(() => two.login({ redirectUrl: "/bye" })));
};

row("login of both in turn", {
  parts: [
    async (t) => { const [one] = await both(t); await t.leave(() => one.login()); },
    signInToSecond,
    async (t) => { const [one, two] = await both(t); await t.tokens(one, "tokens one"); await t.tokens(two, "tokens two"); },
  ],
});
row("logout of one", {
  parts: [
    async (t) => { const one = await t.open(); await t.leave(() => one.login()); },
    signInToSecond,
    async (t) => { const [one] = [await t.open(), await t.open(TWO)]; await t.leave(() => one.logout({ redirectTo: "home" })); },
    async (t) => { await both(t); },
  ],
});
row("renewal of one", {
  parts: [
    async (t) => { const one = await t.open(); await t.leave(() => one.login()); },
    async (t) => {
      const [one] = await both(t);
      await t.attempt("renew", () => one.renewTokens());
      await t.tokens(one);
    },
  ],
});
for (const sessionRestorationMethod of ["iframe", "full page redirect"]) {
  row(`autoLogin of both, ${sessionRestorationMethod}`, {
    params: { autoLogin: true, sessionRestorationMethod },
    parts: [async (t) => {
      const [one, two] = await Promise.all([t.open(), t.open(TWO)]);
      t.show("signed in", [one.isUserLoggedIn, two.isUserLoggedIn]);
      t.show("address", location.pathname);
    }],
  });
}
