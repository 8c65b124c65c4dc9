// @ts-check
// Tokens: what they say, and how they are renewed.

import { group, signIn, signedOut, startWithTokens } from "./parts.js";

const { all, row } = group("tokens");
export const tokens = all;

/** A JWT that nobody checks. */
const jwt = (claims) => ["e30", btoa(JSON.stringify(claims)).replace(/=+$/, ""), "c2ln"].join(".");
const now = () => Math.floor(Date.now() / 1000);

/** What the tokens of a sign-in say. */
function say(name, script, scenario = {}) {
  row(name, { parts: [async (t) => { const oidc = await t.open(); await t.provider({ ...signedOut, ...script() }); await t.leave(() => oidc.login()); }, startWithTokens], ...scenario });
}
const response = (tokens) => () => ({ tokens });
const claims = (changes) => () => ({ claims: changes });

say("no refresh token", response({ refresh_token: null }));
say("no ID Token", response({ id_token: null }));
say("no access token", response({ access_token: null }));
say("no token_type", response({ token_type: null }));
say("no expires_in", response({ expires_in: null }));
say("expires_in in words", response({ expires_in: "600" }));
say("expires_in 0", response({ expires_in: 0 }));
say("expires_at", () => ({ tokens: { expires_in: null, expires_at: now() + 1200 } }));
say("access token that is a JWT", () => ({ tokens: { access_token: jwt({ iat: now(), exp: now() + 1800 }) } }));
for (const member of ["refresh_expires_in", "refresh_token_expires_in"]) {
  say(`${member}`, response({ [member]: 7200 }));
  say(`${member} 0`, response({ [member]: 0 }));
}
for (const member of ["refresh_expires_at", "refresh_token_expires_at"]) say(member, () => ({ tokens: { [member]: now() + 9000 } }));
say("refresh_expires_in in words", response({ refresh_expires_in: "7200" }));
say("refresh token that is a JWT", () => ({ tokens: { refresh_token: jwt({ exp: now() + 5400 }) } }));
say("refresh token that is a JWT, and refresh_expires_in", () => ({ tokens: { refresh_token: jwt({ exp: now() + 5400 }), refresh_expires_in: 7200 } }));
say("claims of the app", claims({ roles: ["a", "b"], nested: { a: null }, email: "ada@example.test", zoneinfo: "ä" }));
say("claims of the protocol", claims({ azp: "app", sid: "sid-1", acr: "1", amr: ["pwd"], at_hash: null }));
say("no sub", claims({ sub: null }));
say("no exp", claims({ exp: null }));
say("no iat", claims({ iat: null }));
say("another issuer", claims({ iss: "https://elsewhere.example" }));
say("another audience", claims({ aud: "other" }));
say("several audiences", claims({ aud: ["app", "other"], azp: "app" }));
say("another nonce", claims({ nonce: "other" }));
say("expired", () => ({ claims: { exp: now() - 3600 } }));
say("issued in an hour", () => ({ claims: { iat: now() + 3600, exp: now() + 7200 } }));
say("ID Token that is none", response({ id_token: "not.a.token" }));
say("ID Token with another signature", () => ({ tokens: { id_token: jwt({ iss: "https://op.example", sub: "subject-1", aud: "app", iat: now(), exp: now() + 600 }) } }));

/** Tokens of somebody who is signed in, and what is done with them. */
function having(name, then, { script = {}, params = {}, ...scenario } = {}) {
  row(name, {
    script: { ...signedOut, ...script }, params,
    parts: [
      signIn,
      async (t) => {
        const oidc = await t.open();
        await t.provider(script);
        await then(t, oidc);
      },
      startWithTokens, // of those that leave the page
    ],
    ...scenario,
  });
}
const opaque = { tokens: { refresh_token: null } };

having("getTokens twice", async (t, oidc) => { const [one, two] = [await oidc.getTokens(), await oidc.getTokens()]; t.show("same", one.accessToken === two.accessToken); });
having("renewTokens", async (t, oidc) => { await t.attempt("renew", () => oidc.renewTokens()); await t.tokens(oidc); });
having("renewTokens twice", async (t, oidc) => { await oidc.renewTokens(); await oidc.renewTokens(); await t.tokens(oidc); });
having("renewTokens three at once", async (t, oidc) => { await t.attempt("renew", () => Promise.all([oidc.renewTokens(), oidc.renewTokens(), oidc.renewTokens({})]), ({ length }) => length); await t.tokens(oidc); });
having("renewTokens extraTokenParams", async (t, oidc) => { await t.attempt("renew", () => oidc.renewTokens({ extraTokenParams: { a: "x y", none: undefined } })); await oidc.renewTokens(); await t.tokens(oidc); });
having("renewTokens extraTokenParams at once", async (t, oidc) => {
  await t.attempt("renew", () => Promise.all([{ a: "1" }, { a: "1" }, { a: "2" }].map((extraTokenParams) => oidc.renewTokens({ extraTokenParams }))), ({ length }) => length);
  await t.tokens(oidc);
});
having("renewTokens extraTokenParams of client and call", async (t, oidc) => { await oidc.renewTokens({ extraTokenParams: { a: "call" } }); await oidc.renewTokens(); await t.tokens(oidc); }, { params: { extraTokenParams: { a: "client", b: "client" } } });
having("renewTokens without a refresh token", async (t, oidc) => { await t.attempt("renew", () => oidc.renewTokens()); await t.tokens(oidc); }, { script: opaque });
having("renewTokens in a frame with what the app adds", async (t, oidc) => { await t.attempt("renew", () => oidc.renewTokens({ extraTokenParams: { b: "2" } })); await t.tokens(oidc); }, {
  script: opaque, params: { extraQueryParams: { a: "1" }, extraTokenParams: { c: "3" }, transformUrlBeforeRedirect: ({ authorizationUrl, isSilent }) => `${authorizationUrl}&silent=${isSilent}` },
});
having("renewTokens with another refresh token", async (t, oidc) => { await oidc.renewTokens(); await t.tokens(oidc); }, { script: { tokens: { refresh_expires_in: 7200 } } });
having("renewTokens without a new ID Token", async (t, oidc) => { await t.provider({ tokens: { id_token: null, refresh_token: null } }); await t.attempt("renew", () => oidc.renewTokens()); await t.tokens(oidc); });
having("renewTokens with other claims", async (t, oidc) => {
  const before = oidc.getDecodedIdToken();
  await t.provider({ claims: { name: "Other Name" } });
  await oidc.renewTokens();
  t.show("same", before === oidc.getDecodedIdToken());
  t.show("name", oidc.getDecodedIdToken().name);
});
having("renewTokens of another person", async (t, oidc) => { await t.provider({ claims: { sub: "subject-2" } }); await t.leave(() => oidc.renewTokens()); });
having("renewTokens refused", async (t, oidc) => { await t.provider({ ...signedOut, answers: { token: [{ status: 400, body: { error: "invalid_grant" } }] } }); await t.leave(() => oidc.renewTokens(), 3000); });
having("renewTokens with an error of the server", async (t, oidc) => { await t.provider({ answers: { token: [{ status: 503, body: "down", type: "text/plain" }] } }); await t.leave(() => oidc.renewTokens(), 3000); });
having("renewTokens in a frame refused", async (t, oidc) => { await t.provider({ ...opaque, ...signedOut }); await t.leave(() => oidc.renewTokens(), 3000); }, { script: opaque });
having("renewTokens full page redirect", async (t, oidc) => { await t.leave(() => oidc.renewTokens(), 3000); }, { script: opaque, params: { sessionRestorationMethod: "full page redirect" } });

having("getDecodedIdToken", async (t, oidc) => {
  t.show("members", Object.keys(oidc.getDecodedIdToken()).filter((name) => name !== "nonce").sort());
  t.show("same", oidc.getDecodedIdToken() === oidc.getDecodedIdToken());
  t.show("of tokens", (await oidc.getTokens()).decodedIdToken === oidc.getDecodedIdToken());
});
having("getDecodedIdToken with decodedIdTokenSchema", async (t, oidc) => {
  const before = oidc.getDecodedIdToken();
  await oidc.renewTokens();
  t.show("same", before === oidc.getDecodedIdToken());
  t.show("claims", before);
  t.show("original", (await oidc.getTokens()).decodedIdToken_original.sub);
}, { params: { decodedIdTokenSchema: { parse: ({ sub }) => ({ sub, more: [1] }) } } });
having("getServerDateNow", async (t, oidc) => { const { getServerDateNow } = await oidc.getTokens(); t.show("differs by seconds", Math.round(Math.abs(getServerDateNow() - Date.now()) / 10_000)); });

having("subscribeToTokensChange", async (t, oidc) => {
  const heard = [];
  const { unsubscribeFromTokensChange } = oidc.subscribeToTokensChange((tokens) => { heard.push(tokens.accessToken); });
  await oidc.renewTokens();
  t.show("returns", typeof unsubscribeFromTokensChange);
  unsubscribeFromTokensChange();
  await oidc.renewTokens();
  t.show("heard", heard);
});
having("subscribeToTokensChange of two", async (t, oidc) => {
  const heard = [];
  oidc.subscribeToTokensChange(() => { heard.push("one"); });
  const { unsubscribeFromTokensChange } = oidc.subscribeToTokensChange(() => { heard.push("two"); });
  await oidc.renewTokens();
  unsubscribeFromTokensChange();
  unsubscribeFromTokensChange();
  await oidc.renewTokens();
  t.show("heard", heard);
});
having("subscribeToTokensChange of one that throws", async (t, oidc) => {
  const heard = [];
  oidc.subscribeToTokensChange(() => { throw new TypeError("of the app"); });
  oidc.subscribeToTokensChange(() => { heard.push("two"); });
  await t.attempt("renew", () => oidc.renewTokens(), undefined, 2000);
  t.show("heard", heard);
});
having("subscribeToTokensChange of the same", async (t, oidc) => {
  let count = 0;
  const callback = () => { count++; };
  oidc.subscribeToTokensChange(callback);
  oidc.subscribeToTokensChange(callback);
  await oidc.renewTokens();
  t.show("count", count);
});
having("subscribeToAutoLogoutCountdown of who is active", async (t, oidc) => {
  const heard = [];
  const { unsubscribeFromAutoLogoutCountdown } = oidc.subscribeToAutoLogoutCountdown(({ secondsLeft }) => { heard.push(secondsLeft); });
  await t.pause(300);
  unsubscribeFromAutoLogoutCountdown();
  t.show("heard", heard);
});
