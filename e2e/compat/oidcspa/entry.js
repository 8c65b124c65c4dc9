// @ts-check
// The first script of every page of the app: the early script of the client, then the part of the scenario that is due,
// unless this is the hidden frame of a client.

import { begin, keep, provider, run, say } from "./run.js";
import { scenarios } from "./scenarios.js";

/** Where the modules of a client are. */
const MODULES = {
  ours: {
    "entrypoint": "/oidcspa/entrypoint.js", "core": "/oidcspa/createoidc.js", "react-spa": "/oidcspa/react-spa.js",
    "core-mock": "/oidcspa/core-mock.js", "keycloak": "/oidcspa/keycloak.js", "decode-jwt": "/oidcspa/decode-jwt.js",
  },
  theirs: {
    "entrypoint": "/theirs/entrypoint.mjs", "core": "/theirs/core/index.mjs", "react-spa": "/theirs/react-spa/index.mjs",
    "core-mock": "/theirs/core-mock.mjs", "keycloak": "/theirs/keycloak/index.mjs", "decode-jwt": "/theirs/decode-jwt.mjs",
  },
};

const scenario = scenarios.get(run.name), modules = MODULES[run.lib];

if (location.pathname === "/run") await prepare();
else if (self !== top) await early();
else if (begin()) await play();
else {
  say("too many pages");
  globalThis.outcome = run.lines;
}

/** Takes away what other runs have left, and opens the page on which the scenario begins. */
async function prepare() {
  sessionStorage.clear(); // also what a second tab has got from the one that has opened it
  if (run.second) {
    keep();
    return location.replace(run.second);
  }
  localStorage.clear();
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  await provider(scenario.script);
  keep();
  location.replace(scenario.at ?? "/");
}

/** Runs the early script: true if the app is to be loaded. */
async function early() {
  if (scenario.early === null) return true;
  const { oidcEarlyInit } = await import(modules.entrypoint);
  const { shouldLoadApp } = oidcEarlyInit(scenario.early ?? { BASE_URL: "/" });
  if (self !== top && shouldLoadApp) parent.postMessage("the app is loaded in the frame", "*");
  return shouldLoadApp;
}

async function play() {
  let goes;
  try {
    goes = await early();
  } catch (reason) {
    say(`error early: ${reason?.name}`);
    goes = true;
  }
  if (!goes) return say("the app is not to be loaded");
  const { perform } = await import("./perform.js");
  await perform(scenario, await import(modules.core), scenario.of && await import(modules[scenario.of]));
}
