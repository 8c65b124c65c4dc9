// This client, out of the app's bundle. Its worker is in the folder that the
// setting assets names.
import { UserManager } from "oidcspa";

export function connect(settings) {
  const manager = new UserManager(settings);
  return {
    prepare: () => manager.prepare?.(),
    signin: () => manager.signinRedirect(),
    callback: () => manager.signinCallback(),
    user: () => manager.getUser(),
    restore: () => manager.getUser(),
    renew: () => manager.signinSilent(),
    token: async () => (await manager.getUser()).access_token,
    api: (url) => manager.fetch(url),
  };
}
