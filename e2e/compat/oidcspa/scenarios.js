// @ts-check
// All scenarios, by name.

import { clients } from "./clients.js";
import { clock } from "./clock.js";
import { failures } from "./failures.js";
import { login } from "./login.js";
import { logout } from "./logout.js";
import { parameters } from "./parameters.js";
import { restoration } from "./restoration.js";
import { tokens } from "./tokens.js";

/** @type {Map<string, any>} */
export const scenarios = new Map();

for (const group of [parameters, login, logout, restoration, tokens, failures, clients, clock]) {
  for (const [name, scenario] of group) {
    if (scenarios.has(name)) throw new Error(`two scenarios are called ${name}`);
    scenarios.set(name, scenario);
  }
}
