// This client, out of the app's bundle. Its worker is in the folder that the
// setting assets names.
import { UserManager } from "oidcspa";

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
