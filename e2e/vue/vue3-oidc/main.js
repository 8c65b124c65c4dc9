// An app as the README of vue3-oidc has it: who opens it is sent to the
// provider.
import { createApp, h, unref } from "vue";
import { createOidc, useAuth, useOidcStore } from "vue3-oidc";

globalThis.tokens = new Set();
const { state } = useOidcStore();
const { refreshToken, setRedirectUri, signoutRedirect } = useAuth();

createApp(() => {
  const { user } = state.value;
  if (!user) return h("p", { id: "state" }, "signed out");
  globalThis.tokens.add(user.access_token);
  return [
    h("p", { id: "state" }, "signed in"),
    h("p", { id: "sub" }, user.profile.sub),
    h("button", { id: "renew", onClick: () => refreshToken() }, "Renew"),
    h("button", { id: "signout", onClick: () => signoutRedirect() }, "Sign out"),
  ];
}).mount("#app");

const settings = { ...await (await fetch("/config.json")).json(), response_type: "code" };
createOidc({
  oidcSettings: {
    ...settings,
    loadUserInfo: true,
    onSigninRedirectCallback: () => location.assign(unref(state).redirect_uri || "/"),
    onBeforeSigninRedirectCallback: () => setRedirectUri(location.pathname + location.search),
  },
  auth: true,
  refreshToken: { enable: true, time: 600_000, settings },
  redirectUriKey: "CUSTOM_REDIRECT_URI",
});
