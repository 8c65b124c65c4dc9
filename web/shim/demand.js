// @ts-check
// What few pages need, in a script of its own that is loaded with the first use.

import { failure } from "./errors.js";

export async function onDemand() {
  try {
    const { parts } = await import("../ondemand.js");
    return parts;
  } catch {
    throw failure("network", "ondemand.js cannot be loaded");
  }
}
