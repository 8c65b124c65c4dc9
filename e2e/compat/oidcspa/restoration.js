// @ts-check
// Pages that come later: somebody has signed in, and no program is left that knows.

import { group, signIn, signedOut, start, startWithTokens } from "./parts.js";

const { all, row } = group("restoration");
export const restoration = all;

const METHODS = { "iframe": "iframe", "full page redirect": "full page redirect", "auto": "auto" };

/** Answers of the provider to a request without anybody there. */
const refused = (error) => ({ callback: { code: null, error } });

for (const sessionRestorationMethod of Object.values(METHODS)) {
  const params = { sessionRestorationMethod };
  const again = (name, script, scenario = {}) => row(`${sessionRestorationMethod} ${name}`, {
    params,
    parts: [signIn, async (t) => { await t.open(); await t.provider(script); await t.restart("/bye?y=2#there"); }, startWithTokens],
    ...scenario,
  });
  again("signed in", {});
  if (sessionRestorationMethod === "auto") continue;
  again("signed out", signedOut);
  again("of another person", { claims: { sub: "subject-2" } });
  for (const error of ["interaction_required", "consent_required", "access_denied", "server_error"]) again(`${error}`, refused(error));
  again("refused at the token endpoint", { answers: { token: [{ status: 400, body: { error: "invalid_grant" } }] } });
  again("with extraQueryParams", {}, { params: { ...params, extraQueryParams: ({ isSilent }) => ({ silent: `${isSilent}` }), transformUrlBeforeRedirect: ({ authorizationUrl, isSilent }) => `${authorizationUrl}&t=${isSilent}` } });
  again("with extraTokenParams", {}, { params: { ...params, extraTokenParams: { a: "1" } } });
  again("with autoLogin", {}, { params: { ...params, autoLogin: true }, parts: [async (t) => { await t.open(); await t.provider({}); await t.restart("/bye"); }, start] });
  again("with autoLogin, signed out", signedOut, { params: { ...params, autoLogin: true }, parts: [async (t) => { await t.open(); await t.provider(signedOut); await t.restart("/bye"); }, start] });
  row(`${sessionRestorationMethod} of who never signed in`, { script: {}, params, parts: [start] });
  row(`${sessionRestorationMethod} three pages`, {
    params,
    parts: [
      signIn,
      async (t) => { await t.open(); await t.provider({}); await t.restart("/"); },
      async (t) => { await t.start(); await t.restart("/orders?n=3"); },
      async (t) => { await t.start(); await t.provider(signedOut); await t.restart("/orders?n=4"); },
      async (t) => { await t.start(); await t.restart("/orders?n=5"); },
      start,
    ],
  });
  row(`${sessionRestorationMethod} the next page`, {
    params,
    parts: [signIn, async (t) => { await t.open(); await t.provider({}); await t.visit("/bye"); }, startWithTokens],
  });
}
row("history", {
  params: { sessionRestorationMethod: "full page redirect" },
  parts: [signIn, async (t) => { await t.open(); await t.provider({}); await t.restart("/bye"); }, async (t) => { await t.start(); t.show("entries", t.entries()); }],
});

// isNewBrowserSession
row("isNewBrowserSession of another person", {
  parts: [
    signIn,
    async (t) => { const oidc = await t.open(); await t.leave(() => oidc.logout({ redirectTo: "current page" })); },
    async (t) => { await t.provider({ ...signedOut, claims: { sub: "subject-2" } }); await signIn(t); },
    start,
  ],
});
row("isNewBrowserSession of the same person", {
  parts: [signIn, async (t) => { const oidc = await t.open(); await t.leave(() => oidc.logout({ redirectTo: "current page" })); }, signIn, start],
});
