// This client, from the files as the build writes them.
import { UserManager } from "/oidcspa/oidcspa.js";

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
