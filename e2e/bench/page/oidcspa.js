// This client, from the files as the build writes them.
import { UserManager } from "/oidcspa/oidcspa.js";

export function connect(settings) {
  const manager = new UserManager(settings);
  return {
    manager,
    prepare: () => manager.prepare?.(),
    signin: () => manager.signinRedirect(),
    callback: () => manager.signinCallback(),
    user: () => manager.getUser(),
  };
}
