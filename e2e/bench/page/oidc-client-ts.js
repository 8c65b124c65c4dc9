// npm's oidc-client-ts: with the user in sessionStorage, which is its default,
// or in the memory of the page.
import { InMemoryWebStorage, UserManager, WebStorageStateStore } from "oidc-client-ts";

export function connect({ memory, ...settings }) {
  if (memory) settings.userStore = new WebStorageStateStore({ store: new InMemoryWebStorage() });
  const manager = new UserManager(settings);
  return {
    manager,
    signin: () => manager.signinRedirect(),
    callback: () => manager.signinCallback(),
    user: () => manager.getUser(),
  };
}
