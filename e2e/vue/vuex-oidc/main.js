// An app as the guide of vuex-oidc has it: a public page, and one for which the
// router signs people in.
import { createApp, h } from "vue";
import { createRouter, createWebHistory, RouterLink, RouterView } from "vue-router";
import { createStore } from "vuex";
import { vuexOidcCreateRouterMiddleware, vuexOidcCreateStoreModule, vuexOidcProcessSilentSignInCallback } from "vuex-oidc";

globalThis.tokens = new Set();
const given = await (await fetch("/config.json")).json();
const settings = {
  authority: given.authority,
  clientId: given.client_id,
  redirectUri: given.redirect_uri,
  silentRedirectUri: location.origin + "/silent",
  postLogoutRedirectUri: given.post_logout_redirect_uri,
  responseType: "code",
  scope: given.scope,
};

if (location.href.startsWith(settings.silentRedirectUri)) vuexOidcProcessSilentSignInCallback(settings);
else start();

function start() {
  const store = createStore({
    modules: {
      oidc: vuexOidcCreateStoreModule(settings, { namespaced: true }, {
        oidcError: ({ context, error }) => console.error(context, error),
      }),
    },
  });

  const Home = {
    render: () => [h("p", { id: "state" }, "signed out"), h(RouterLink, { id: "in", to: "/private" }, () => "In")],
  };
  const Private = {
    render() {
      const user = store.getters["oidc/oidcUser"];
      if (!user) return null;
      globalThis.tokens.add(store.getters["oidc/oidcAccessToken"]);
      return [
        h("p", { id: "state" }, "signed in"),
        h("p", { id: "sub" }, user.sub),
        h("button", { id: "renew", onClick: () => store.dispatch("oidc/authenticateOidcSilent") }, "Renew"),
        h("button", { id: "signout", onClick: () => store.dispatch("oidc/signOutOidc") }, "Sign out"),
      ];
    },
  };
  const Callback = {
    render: () => null,
    mounted: async () => router.replace(await store.dispatch("oidc/oidcSignInCallback")),
  };
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: "/", component: Home, meta: { isPublic: true } },
      { path: "/private", component: Private },
      { path: "/callback", component: Callback },
    ],
  });
  router.beforeEach(vuexOidcCreateRouterMiddleware(store, "oidc"));
  createApp(RouterView).use(store).use(router).mount("#app");
}
