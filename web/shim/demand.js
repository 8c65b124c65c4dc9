// @ts-check
// What few pages need, in a script of its own that is loaded with the first use.

import { pause } from "./connection.js";
import { failure } from "./errors.js";

export const SCRIPT_URL = import.meta.url;
const ONDEMAND_FILE = "ondemand.js";

/**
 * The first pause before a file is asked for again, in milliseconds, and what
 * none reaches. Each is half as long again: ten, 30 s in all.
 */
const FIRST_PAUSE = 265, NO_PAUSE = 10_200;

/**
 * Loads it. A server that is not upgraded yet may not have it: then it is asked
 * for again, under a fresh address, as a cache may hold the failure.
 */
export async function onDemand(code = "network", wait = FIRST_PAUSE) {
  try {
    const { parts } = await import("../ondemand.js");
    return parts;
  } catch {
    if (wait > NO_PAUSE || !navigator.onLine) throw failure(code, `${ONDEMAND_FILE} cannot be loaded`);
  }
  try {
    await pause(wait);
    const fresh = new URL(`${ONDEMAND_FILE}?again=${Date.now()}`, SCRIPT_URL).href;
    return (await import(fresh)).parts;
  } catch {
    return onDemand(code, wait * 1.5);
  }
}
