// @ts-check
// The keeper of a program whose worker cannot register it; see sender.js.

import { pause } from "./connection.js";
import { scriptURL } from "./host.js";

/** How long to wait between two looks at whether it runs, in milliseconds. */
const INTERVAL = 50;

let last = Promise.resolve();

/** Registers the keeper of a program if that is "new" to it, and has it begin, "again" if it has slept; or sends it away. One after the other. */
export function keeper({ script, scope, wanted }) {
  last = last.catch(() => {}).then(() => (wanted === "gone" ? dismiss(script, scope) : engage(script, scope, wanted)));
  return last;
}

async function engage(script, scope, wanted) {
  const registration = await keeperOf(script, scope) ?? (wanted === "new" && await registerKeeper(script, scope));
  if (!registration) return;
  while (!registration.active && (registration.installing ?? registration.waiting)) await pause(INTERVAL);
  registration.active?.postMessage({ begin: true });
}

async function dismiss(script, scope) {
  const registration = await keeperOf(script, scope);
  registration?.active?.postMessage({ begin: false });
  await registration?.unregister();
}

/** Its registration, if that is of this script. */
async function keeperOf(script, scope) {
  const registration = await navigator.serviceWorker.getRegistration(scope);
  return registration?.scope === scope && registration.active?.scriptURL === script ? registration : null;
}

/** Registers it, in the place of those of other builds. */
async function registerKeeper(script, scope) {
  const { serviceWorker } = navigator, folder = new URL(".", script).href;
  for (const other of await serviceWorker.getRegistrations()) {
    if (other.scope !== scope && other.scope.startsWith(`${folder}worker.`) && other.active?.scriptURL.startsWith(`${folder}keeper.`)) other.unregister();
  }
  return serviceWorker.register(scriptURL(script), { __proto__: null, scope, updateViaCache: "all" });
}
