// @ts-check
// All scenarios, by name.

import { classes } from "./classes.js";
import { client } from "./client.js";
import { members } from "./members.js";
import { monitor } from "./monitor.js";
import { navigators } from "./navigators.js";
import { popup } from "./popup.js";
import { redirect } from "./redirect.js";
import { timers } from "./timers.js";

/** @type {Map<string, any>} */
export const scenarios = new Map();

for (const group of [classes, client, redirect, popup, navigators, members, monitor, timers]) {
  for (const [name, parts] of group) {
    if (scenarios.has(name)) throw new Error(`two scenarios are called ${name}`);
    scenarios.set(name, parts);
  }
}
