// @ts-check
// All scenarios, by name.

import { clients } from "./clients.js";
import { clock } from "./clock.js";
import { failures } from "./failures.js";
import { jwt } from "./jwt.js";
import { keycloak } from "./keycloak.js";
import { login } from "./login.js";
import { logout } from "./logout.js";
import { mock } from "./mock.js";
import { parameters } from "./parameters.js";
import { reactSpa } from "./reactspa.js";
import { restoration } from "./restoration.js";
import { tabs } from "./tabs.js";
import { tokens } from "./tokens.js";

/** @type {Map<string, any>} */
export const scenarios = new Map();

for (const group of [parameters, login, logout, restoration, tokens, failures, clients, jwt, keycloak, mock, reactSpa, tabs, clock]) {
  for (const [name, scenario] of group) {
    if (scenarios.has(name)) throw new Error(`two scenarios are called ${name}`);
    scenarios.set(name, scenario);
  }
}
