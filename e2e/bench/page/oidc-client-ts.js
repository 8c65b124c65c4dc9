// npm's oidc-client-ts: with the user in sessionStorage, which is its default,
// or in the memory of the page. A hidden frame loads a page that does nothing
// but answer, as its documents advise, with the script that is in the cache.
import { InMemoryWebStorage, UserManager, WebStorageStateStore } from "oidc-client-ts";

const silent = "/silent.html";

export function frame() {
  if (location.pathname !== silent) return false;
  new UserManager({}).signinSilentCallback();
  return true;
}

export function connect({ memory, ...settings }) {
  settings.silent_redirect_uri = location.origin + silent;
  if (memory) settings.userStore = new WebStorageStateStore({ store: new InMemoryWebStorage() });
  const manager = new UserManager(settings);
  const token = async () => (await manager.getUser()).access_token;
  return {
    signin: () => manager.signinRedirect(),
    callback: () => manager.signinCallback(),
    user: () => manager.getUser(),
    restore: async () => await manager.getUser() ?? await manager.signinSilent(),
    renew: () => manager.signinSilent(),
    token,
    api: async (url) => fetch(url, { headers: { Authorization: `Bearer ${await token()}` } }),
  };
}
