// @ts-check
// keycloak: addresses and requests of Keycloak beside OpenID Connect.

import { group, signedOut } from "./parts.js";

const { all, row } = group("keycloak", { of: "keycloak" });
export const keycloak = all;

const ISSUERS = [
  "https://kc.example/realms/shop", "https://kc.example/realms/shop/", "https://kc.example/auth/realms/shop", "https://kc.example:8443/a/b/realms/shop",
  "https://kc.example/realms/shop?a=b", "https://kc.example/realms/shop#a", "https://kc.example/realms/shop.de", "HTTPS://KC.example/realms/Shop",
];
const OTHERS = [
  "https://op.example", "https://op.example/", "https://kc.example/realms", "https://kc.example/realms/", "https://kc.example/realms//", "https://kc.example/realms/a/b",
  "https://kc.example/realms/a/realms/b", "https://kc.example/Realms/a", "https://kc.example/xrealms/a", "/realms/shop", "kc.example/realms/shop", "", "not an address",
];

row("isKeycloak", {
  parts: [(t) => {
    for (const issuerUri of [...ISSUERS, ...OTHERS]) t.call(issuerUri, () => t.module.isKeycloak({ issuerUri }));
    for (const issuerUri of [undefined, null]) t.call(`${issuerUri}`, () => t.module.isKeycloak({ issuerUri }));
  }],
});
row("createKeycloakUtils", {
  parts: [(t) => {
    for (const issuerUri of [...ISSUERS, ...OTHERS]) t.call(issuerUri, () => t.module.createKeycloakUtils({ issuerUri }));
  }],
});
row("a realm with a space", {
  parts: [(t) => {
    t.call("a realm", () => t.module.createKeycloakUtils({ issuerUri: "https://kc.example/realms/my%20shop" }));
    t.call("account", () => t.module.createKeycloakUtils({ issuerUri: "https://kc.example/realms/my%20shop" }).getAccountUrl({ clientId: "app", validRedirectUri: "/" }));
  }],
});
row("getAccountUrl", {
  parts: [(t) => {
    const { getAccountUrl } = t.module.createKeycloakUtils({ issuerUri: "https://kc.example/auth/realms/shop/" });
    for (const given of [
      { validRedirectUri: "https://app.example/" }, { validRedirectUri: "https://app.example" }, { validRedirectUri: "https://app.example/a/b" }, { validRedirectUri: "/" },
      { validRedirectUri: "/app" }, { validRedirectUri: "app/" }, { validRedirectUri: "https://app.example/?a=b" }, { validRedirectUri: "https://app.example/#a" },
      { validRedirectUri: "/", locale: "de" }, { validRedirectUri: "/", locale: "" }, { validRedirectUri: "/", clientId: "a b&c" },
    ]) t.call(JSON.stringify(given), () => getAccountUrl({ clientId: "app", ...given }));
  }],
});
row("transformUrlBeforeRedirectForRegister", {
  parts: [(t) => {
    const { transformUrlBeforeRedirectForRegister: register } = t.module.createKeycloakUtils({ issuerUri: "https://kc.example/realms/shop" });
    for (const url of [
      "https://kc.example/realms/shop/protocol/openid-connect/auth?client_id=a&scope=a%20b+c", "https://kc.example/auth/realms/shop/protocol/openid-connect/auth",
      "https://kc.example/authorize?x=/auth", "https://kc.example/auth/", "no address",
    ]) t.call(url, () => register(url));
  }],
});

/** What Keycloak is asked for, where the page takes the place of the network. */
function asks(name, answer) {
  row(`requests ${name}`, {
    parts: [async (t) => {
      const utils = t.module.createKeycloakUtils({ issuerUri: "https://kc.example/auth/realms/shop" }), ofPage = window.fetch;
      window.fetch = async (url, options) => {
        t.show("request", { url: `${url}`, ...options });
        return answer();
      };
      await t.attempt("profile", () => utils.fetchUserProfile({ accessToken: "a" }));
      await t.attempt("info", () => utils.fetchUserInfo({ accessToken: "a" }));
      window.fetch = ofPage;
    }],
  });
}
asks("answered", () => Response.json({ sub: "a", username: "ada", attributes: { locale: ["de"] } }));
asks("answered by a page", () => new Response("<!doctype html>"));
asks("refused", () => Response.json({ error: "invalid_token" }, { status: 401 }));
asks("not answered", () => { throw new TypeError("no network"); });

row("register", {
  of: "keycloak", script: signedOut,
  parts: [async (t) => {
    const oidc = await t.open(), { transformUrlBeforeRedirectForRegister } = t.module.createKeycloakUtils({ issuerUri: "https://kc.example/realms/shop" });
    await t.leave(() => oidc.login({ transformUrlBeforeRedirect: (url) => `${url}&register=${new URL(transformUrlBeforeRedirectForRegister("https://kc.example/auth")).pathname}` }));
  }, async (t) => { await t.start(); }],
});
