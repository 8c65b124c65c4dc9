// @ts-check
// The keeper of a program whose worker cannot register it.

import { pause } from "./connection.js";
import { scriptURL } from "./host.js";

/** How long to wait between two looks at whether it runs, in milliseconds. */
const INTERVAL = 50;

/** Registers the keeper of a program if it is new to it, in the place of those of other builds; has it begin, or go. */
export async function keeper({ script, scope, wanted }) {
  const { serviceWorker } = navigator, found = await serviceWorker.getRegistration(scope);
  let registration = found?.scope === scope ? found : null;
  if (wanted === "gone") return registration?.unregister();
  if (!registration && wanted === "new") {
    const folder = new URL(".", script).href;
    for (const other of await serviceWorker.getRegistrations()) {
      if (other.scope.startsWith(`${folder}worker.`) && other.active?.scriptURL.startsWith(`${folder}keeper.`)) other.unregister();
    }
    registration = await serviceWorker.register(scriptURL(script), { __proto__: null, scope, updateViaCache: "all" });
  }
  while (registration && !registration.active && (registration.installing ?? registration.waiting)) await pause(INTERVAL);
  registration?.active?.postMessage({ begin: true });
}
