// @ts-check
// core-mock: who is signed in is what the app says.

import { group } from "./parts.js";

const { all, row } = group("mock", { of: "core-mock", at: "/orders?x=1#part" });
export const mock = all;

const somebody = { mockedParams: { issuerUri: "https://kc.example/realms/shop", clientId: "app" }, mockedTokens: { decodedIdToken: { sub: "a", name: "Ada" } } };
const nobody = { ...somebody, isUserInitiallyLoggedIn: false };

/** createMockOidc(), and what it gives. */
async function start(t, params, name = "oidc") {
  const oidc = await t.attempt(name, () => t.module.createMockOidc(params), ({ getAccessToken, ...given }) => given);
  t.show("address", t.here());
  t.show("state", history.state);
  return oidc;
}
const show = (params) => async (t) => { await start(t, params); };

row("somebody", { parts: [show({ ...somebody, isUserInitiallyLoggedIn: true })] });
row("somebody by default", { parts: [show(somebody)] });
row("nobody", { parts: [show(nobody)] });
row("without parameters", { parts: [show({ mockedTokens: somebody.mockedTokens })] });
row("twice", { parts: [async (t) => { const [one, two] = [await start(t, somebody), await start(t, nobody)]; t.show("same", one === two); }] });
for (const BASE_URL of ["/app/", "/app", "/?a=b"]) row(`BASE_URL ${BASE_URL}`, { at: "/app/orders", parts: [show({ ...nobody, BASE_URL })] });
row("BASE_URL of the early script", { early: { BASE_URL: "/app/" }, at: "/app/orders", parts: [show(nobody)] });
row("BASE_URL missing", { early: {}, parts: [show(nobody)] });

// What the address says.
for (const at of ["/orders?isUserLoggedIn=true", "/orders?x=1&isUserLoggedIn=false&y=%20+#part", "/orders?isUserLoggedIn=yes", "/orders?isUserLoggedIn=", "/orders#isUserLoggedIn=true"]) {
  row(`from ${at}`, { at, parts: [show(at.includes("true") ? nobody : somebody)] });
}
row("from an address that the app has changed", {
  at: "/orders?isUserLoggedIn=true",
  parts: [async (t) => { history.replaceState({ a: 1 }, "", "/bye?isUserLoggedIn=false"); await start(t, nobody); }],
});

/** A call that leads to another page of the app. */
function leaves(name, method, args, scenario = {}) {
  row(`${method} ${name}`, {
    parts: [
      async (t) => { const oidc = await t.module.createMockOidc(method === "login" ? nobody : somebody); await t.leave(() => oidc[method](...(typeof args === "function" ? args(t) : args)), 3000); },
      async (t) => { await start(t, method === "login" ? nobody : somebody); t.show("entries", t.entries()); },
    ],
    ...scenario,
  });
}
leaves("plain", "login", []);
leaves("with no options", "login", [{}]);
for (const redirectUrl of ["/bye?y=2#there", "bye", "/", "/bye?isUserLoggedIn=false&a=%20+b"]) leaves(`redirectUrl ${redirectUrl}`, "login", [{ redirectUrl }]);
leaves("redirectUrl absolute", "login", (t) => [{ redirectUrl: `${t.app}/bye` }]);
leaves("with what a real one takes", "login", [{ extraQueryParams: { a: "1" }, transformUrlBeforeRedirect: (url) => `${url}&t=1`, doesCurrentHrefRequiresAuth: true }]);
leaves("with no options", "goToAuthServer", [{}]);
leaves("redirectUrl", "goToAuthServer", [{ redirectUrl: "/bye?done=1", extraQueryParams: { kc_action: "UPDATE_PASSWORD" } }]);
leaves("home", "logout", [{ redirectTo: "home" }]);
leaves("current page", "logout", [{ redirectTo: "current page" }]);
leaves("specific url", "logout", [{ redirectTo: "specific url", url: "/bye?y=2#there" }]);
leaves("specific url without a slash", "logout", [{ redirectTo: "specific url", url: "bye" }]);
leaves("specific url of another origin", "logout", (t) => [{ redirectTo: "specific url", url: `${t.op}/logout?post_logout_redirect_uri=${encodeURIComponent(`${t.app}/bye`)}` }]);
row("login then logout", {
  parts: [
    async (t) => { const oidc = await start(t, nobody); await t.leave(() => oidc.login({})); },
    async (t) => { const oidc = await start(t, nobody); await t.leave(() => oidc.logout({ redirectTo: "home" })); },
    async (t) => { await start(t, nobody); await t.visit(); },
    async (t) => { await start(t, nobody); },
  ],
});
row("postLoginRedirectUrl", {
  parts: [async (t) => { const oidc = await t.module.createMockOidc({ ...nobody, postLoginRedirectUrl: "/bye" }); await t.leave(() => oidc.login({})); }, show(nobody)],
});

// autoLogin
for (const [name, more] of Object.entries({ "nobody": {}, "nobody with postLoginRedirectUrl": { postLoginRedirectUrl: "/bye?y=2" } })) {
  row(`autoLogin ${name}`, { parts: [(t) => t.leave(() => t.module.createMockOidc({ ...nobody, ...more, autoLogin: true })), show({ ...nobody, autoLogin: true })] });
}
row("autoLogin somebody", { parts: [show({ ...somebody, autoLogin: true })] });
row("autoLogin logout", {
  parts: [
    async (t) => { const oidc = await t.module.createMockOidc({ ...somebody, autoLogin: true }); await t.leave(() => oidc.logout({ redirectTo: "home" })); },
    (t) => t.leave(() => t.module.createMockOidc({ ...somebody, autoLogin: true })),
    show({ ...somebody, autoLogin: true }),
  ],
});

// Tokens that the app gives, and those that it gets.
row("tokens", {
  parts: [async (t) => {
    for (const [name, mockedTokens] of Object.entries({
      "none": {},
      "claims": { decodedIdToken: { sub: "a" } },
      "original claims": { decodedIdToken_original: { sub: "a" } },
      "access token": { accessToken: "access", accessTokenExpirationTime: 4_000_000_000_000, idToken: "id" },
      "refresh token": { refreshToken: "refresh", refreshTokenExpirationTime: 4_000_000_000_000 },
      "refresh token of none": { hasRefreshToken: true },
      "refresh token that is none": { hasRefreshToken: false, refreshToken: "refresh" },
      "times": { issuedAtTime: Date.now() - 3_600_000, getServerDateNow: () => 7 },
    })) {
      const oidc = await t.module.createMockOidc({ ...somebody, mockedTokens }), tokens = await oidc.getTokens();
      t.show(name, { ...tokens, decodedIdToken: undefined, decodedIdToken_original: undefined, issuedAtTime: Math.round((tokens.issuedAtTime - Date.now()) / 60_000), now: tokens.getServerDateNow() === 7 });
      t.show(`${name}: same`, tokens === await oidc.getTokens());
      t.call(`${name}: claims`, () => oidc.getDecodedIdToken().sub);
      t.call(`${name}: claims of tokens`, () => tokens.decodedIdToken.sub);
      t.call(`${name}: original claims of tokens`, () => tokens.decodedIdToken_original.sub);
    }
  }],
});
row("tokens renewed", {
  parts: [async (t) => {
    const oidc = await t.module.createMockOidc(somebody), heard = [];
    const { unsubscribeFromTokensChange } = oidc.subscribeToTokensChange(() => heard.push("tokens"));
    const { unsubscribeFromAutoLogoutCountdown } = oidc.subscribeToAutoLogoutCountdown(() => heard.push("countdown"));
    await t.attempt("renew", () => oidc.renewTokens());
    await t.attempt("renew with parameters", () => oidc.renewTokens({ extraTokenParams: { a: "1" } }));
    await t.pause(100);
    unsubscribeFromTokensChange();
    unsubscribeFromAutoLogoutCountdown();
    t.show("heard", heard);
  }],
});
