// @ts-check
// What few pages need, in a script of its own that is loaded with the first use.

import { failure } from "./errors.js";

export async function onDemand() {
  try {
    const { Popup, checkSession, lateAnswer, visitPopup } = await import("../ondemand.js");
    return { Popup, checkSession, lateAnswer, visitPopup };
  } catch {
    throw failure("network", "ondemand.js cannot be loaded");
  }
}
