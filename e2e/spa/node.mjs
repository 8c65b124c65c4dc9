// What has to work in Node, where servers render apps and tests run; and what answers as npm oidc-spa, which is "theirs".
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const never = async (promise) => assert.equal(await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 50, "waits"))]), "waits");

const { createOidc, oidcEarlyInit, OidcInitializationError } = await import("oidc-spa/core");
const early = await import("oidc-spa/entrypoint");
const { createMockOidc } = await import("oidc-spa/core-mock");
const { oidcSpa } = await import("oidc-spa/react-spa");
assert.equal(oidcEarlyInit, early.oidcEarlyInit);
assert.equal(require("oidc-spa/core").createOidc, createOidc);
assert.deepEqual(oidcEarlyInit({ BASE_URL: "/" }), { shouldLoadApp: true });
assert.ok(new OidcInitializationError({ messageOrCause: "a", isAuthServerLikelyDown: true }) instanceof Error);
const { bootstrapOidc, getOidc, useOidc } = oidcSpa.createUtils();
for (const promise of [
  createOidc({ issuerUri: "https://op.example", clientId: "app" }),
  createMockOidc({ isUserInitiallyLoggedIn: true }),
  bootstrapOidc({ implementation: "real", issuerUri: "https://op.example", clientId: "app" }),
]) await never(promise);
await assert.rejects(getOidc(), /a server does not know/);
assert.throws(useOidc, /a server does not know/);

// A page is shown by a server without what is for the browser.
const { createElement } = await import("react");
const { renderToString } = await import("react-dom/server");
const { OidcInitializationGate } = oidcSpa.createUtils();
assert.equal(renderToString(createElement(OidcInitializationGate, { fallback: "waits" }, createElement(useOidc))), "waits");

const ours = { ...await import("oidc-spa/decode-jwt"), ...await import("oidc-spa/keycloak") };
const theirs = { ...await import("theirs/decode-jwt"), ...await import("theirs/keycloak") };
const same = (what) => {
  const [got, want] = [ours, theirs].map((of) => {
    try {
      return JSON.stringify(what(of));
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(got, want, String(what));
};

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { sub: "a", name: "Zoë 🦉", exp: 1 };
const token = `${part({ alg: "RS256", kid: "k" })}.${part(claims)}.c2ln`;
assert.deepEqual(ours.decodeJwt(token), claims);
for (const options of [undefined, {}, { header: true }, { header: false }]) same(({ decodeJwt }) => decodeJwt(token, options));
for (const wrong of [undefined, null, 7, "", "a", "a.b", "a.!.c", `a.${part("x").slice(1)}.c`, "a.bm8.c"]) {
  assert.throws(() => ours.decodeJwt(wrong), ours.InvalidTokenError);
  same(({ decodeJwt }) => decodeJwt(wrong));
}
assert.ok(!/secret/.test((() => { try { ours.decodeJwt(`a.${Buffer.from("secret").toString("base64url")}.c`); } catch ({ message, cause }) { return message + cause; } })()));

const issuers = ["https://kc.example/realms/shop", "https://kc.example/auth/realms/shop/", "https://kc.example:8443/a/b/realms/shop"];
for (const issuerUri of [...issuers, "https://op.example", "https://op.example/realms/", "https://kc.example/realms/a/b"]) same(({ isKeycloak }) => isKeycloak({ issuerUri }));
for (const issuerUri of issuers) {
  same(({ createKeycloakUtils }) => createKeycloakUtils({ issuerUri }));
  for (const locale of [undefined, "de"]) {
    same(({ createKeycloakUtils }) => createKeycloakUtils({ issuerUri }).getAccountUrl({ clientId: "a b", validRedirectUri: "https://app.example/", locale }));
  }
  same(({ createKeycloakUtils }) => createKeycloakUtils({ issuerUri }).transformUrlBeforeRedirectForRegister(`${issuerUri.replace(/\/$/, "")}/protocol/openid-connect/auth?client_id=a`));
}
same(({ createKeycloakUtils }) => createKeycloakUtils({ issuerUri: "https://op.example" }));
// A name with a space is encoded once in addresses.
const spaced = ours.createKeycloakUtils({ issuerUri: "https://kc.example/realms/my%20shop" });
assert.equal(spaced.issuerUriParsed.realm, "my shop");
assert.equal(spaced.adminConsoleUrl, "https://kc.example/admin/my%20shop/console");

const asked = [];
globalThis.fetch = async (url, { headers }) => {
  asked.push(url, headers.Authorization);
  return url.includes("userinfo") ? Response.json({ sub: "a" }) : new Response("no", { status: 403 });
};
const utils = ours.createKeycloakUtils({ issuerUri: issuers[0] });
assert.deepEqual(await utils.fetchUserInfo({ accessToken: "t" }), { sub: "a" });
await assert.rejects(utils.fetchUserProfile({ accessToken: "t" }), /HTTP status 403/);
assert.deepEqual(asked, [`${issuers[0]}/protocol/openid-connect/userinfo`, "Bearer t", `${issuers[0]}/account`, "Bearer t"]);

// The plugin for Vite, without Vite.
const { oidcSpa: plugin } = await import("oidc-spa/vite-plugin");
assert.throws(() => plugin({ cookies: true }), /no option cookies/);
assert.throws(() => plugin({ DPoP: { enabled: true, mode: "enforced" } }), /DPoP cannot be enforced/);
const warned = [];
const resolve = (options, config) => plugin(options).configResolved({ base: "/", plugins: [], logger: { warn: (line) => warned.push(line) }, ...config });
resolve({ browserRuntimeFreeze: { enabled: true }, tokenSubstitution: { enabled: true }, DPoP: { enabled: true, mode: "auto" } });
assert.deepEqual(warned.map((line) => line.split(" ").slice(0, 2).join(" ")), ["oidcspa: browserRuntimeFreeze", "oidcspa: tokenSubstitution", "oidcspa: DPoP"]);
resolve({ browserRuntimeFreeze: false, tokenSubstitution: false, DPoP: false });
assert.equal(warned.length, 3);
for (const base of ["./", "", "https://cdn.example/"]) assert.throws(() => resolve({}, { base }), /has to be the path/);
for (const name of ["react-router", "react-router:dev", "tanstack-react-start:config", "nuxt:vite-node-server"]) assert.throws(() => resolve({}, { plugins: [{ name }] }), /with an index.html/);
resolve({}, { plugins: [{ name: "nuxt:ui" }, { name: "vite:react" }] });
const page = (html, options) => {
  const made = plugin(options);
  made.configResolved({ base: "/app/", plugins: [] });
  return made.transformIndexHtml.handler(html);
};
const shown = page('<!-- <script type="module" src="/old.js"></script> --><script src="/classic.js"></script><script nonce="n" type="module" src="/src/main.ts"></script>', { sessionRestorationMethod: "iframe" });
assert.match(shown, /<script src="\/classic.js"><\/script><script nonce="n" type="module">\n/);
assert.match(shown, /oidcEarlyInit\(\{"BASE_URL":"\/app\/","sessionRestorationMethod":"iframe"\}\)\.shouldLoadApp\) import\("\/src\/main\.ts"\)/);
for (const html of ["", '<script src="/a.js"></script>', '<script type="module">a()</script>', '<script type="module" src="a.js"></script><script src=b.js type=module></script>']) {
  assert.throws(() => page(html), /index\.html has [02] scripts/);
}
