// @ts-check
// Runs one scenario against one of the two clients. A scenario that leaves the
// page goes on with its next part when the browser comes back.

import { load } from "./load.js";
import { scenarios } from "./scenarios.js";

/** Where the run is kept while the page is away; window.name outlives all storage and is nobody's state. */
const run = location.pathname === "/run" ? fromQuery() : JSON.parse(window.name);

/** How long one step may take, in milliseconds, before it counts as pending. */
const STEP = 12_000;

function fromQuery() {
  const query = new URLSearchParams(location.search);
  history.replaceState(null, "", "/run");
  return { lib: query.get("lib"), name: query.get("name"), op: query.get("op"), part: 0, lines: [], kept: {} };
}

/** What JSON makes of a value, and of what JSON has no word for. */
function text(value) {
  if (value instanceof Error) return `${value.name} ${value.message}`;
  if (value instanceof URLSearchParams) return `?${value}`;
  if (typeof value === "function") return "function";
  return JSON.stringify(value) ?? "undefined";
}

/** One line for each member of a value, in order, without what is undefined. */
function describe(name, value) {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Error || value instanceof URLSearchParams) {
    return [`${name}: ${text(value)}`];
  }
  const members = Object.keys(value).filter((member) => value[member] !== undefined && !member.startsWith("_")).sort();
  if (members.length === 0) return [`${name}: {}`];
  return members.flatMap((member) => describe(`${name}.${member}`, value[member]));
}

const lib = await load(run.lib);

const EVENTS = [
  "UserLoaded", "UserUnloaded", "AccessTokenExpiring", "AccessTokenExpired", "SilentRenewError",
  "UserSignedIn", "UserSignedOut", "UserSessionChanged",
];

/** How often each event was heard on this page. */
const heard = {};

/** The windows that were opened. */
const windows = [];
const openWindow = window.open;
window.open = (url, target, features) => {
  run.lines.push(`open ${url} ${target} ${features}`);
  const opened = openWindow(url, target, features);
  if (opened) windows.push(opened);
  return opened;
};

// What nobody catches reaches the app's error reports.
addEventListener("unhandledrejection", ({ reason }) => run.lines.push(`unhandled ${text(reason)}`));

/** What a scenario works with. */
const t = {
  lib,
  ours: run.lib === "ours",
  op: run.op,
  app: location.origin,
  kept: run.kept,

  /** Settings for this scenario's provider. */
  settings(extra = {}) {
    return {
      authority: run.op,
      client_id: "app",
      redirect_uri: `${location.origin}/back`,
      silent_redirect_uri: `${location.origin}/suite/frame.html`,
      automaticSilentRenew: false,
      ...extra,
    };
  },

  /** A UserManager whose events are written down. */
  manager(extra = {}) {
    return t.listen(new lib.UserManager(t.settings(extra)));
  },

  /** Writes down the events of a UserManager. */
  listen(manager) {
    for (const name of EVENTS) {
      manager.events[`add${name}`]?.((argument) => {
        const what = argument instanceof Error ? ` ${argument.name} ${argument.message}` : "";
        run.lines.push(`event ${name}${what}`);
        heard[name] = (heard[name] ?? 0) + 1;
      });
    }
    return manager;
  },

  show(name, value) {
    run.lines.push(...describe(`result ${name}`, value));
  },

  /** What a promise or a function comes to. code is that of our error; limit is when it counts as pending. */
  async attempt(name, act, { code, error, limit: wait = STEP } = {}) {
    let limit;
    try {
      const late = Symbol("late");
      const end = new Promise((resolve) => { limit = setTimeout(resolve, wait, late); });
      const value = await Promise.race([typeof act === "function" ? act() : act, end]);
      if (value === late) run.lines.push(`pending ${name}`);
      else t.show(name, value);
      return value;
    } catch (reason) {
      run.lines.push(`error ${name}: ${reason?.name}`, `error ${name} message: ${reason?.message}`);
      for (const member of ["error", "error_description", "error_uri", "state", "session_state", "url_state"]) {
        if (reason?.[member] != null) run.lines.push(`error ${name} ${member}: ${text(reason[member])}`);
      }
      if (t.ours && code !== undefined && reason?.code !== code) run.lines.push(`error ${name} code: ${reason?.code}, want ${code}`);
      if (error && !(reason instanceof lib[error])) run.lines.push(`error ${name}: no ${error}`);
    } finally {
      clearTimeout(limit);
    }
    return undefined;
  },

  /** Says how the provider answers from now on. */
  async provider(script) {
    await fetch(`/script?op=${encodeURIComponent(run.op)}`, { method: "POST", body: JSON.stringify(script) });
  },

  /** What the provider was asked so far. */
  async log() {
    const response = await fetch(`/log?op=${encodeURIComponent(run.op)}`);
    return response.json();
  },

  /** Waits until something is true; not for ever. */
  async until(what, done, limit = STEP) {
    for (const end = Date.now() + limit; Date.now() < end; await t.pause(20)) if (await done()) return;
    run.lines.push(`never ${what}`);
  },

  /** Waits until the provider was asked this. */
  asked(line) {
    return t.until(line, async () => (await t.log()).includes(line));
  },

  /** Waits until an event was heard that often on this page. */
  heard(name, count = 1, limit = STEP) {
    return t.until(`event ${name}`, () => t.count(name) >= count, limit);
  },

  count(name) {
    return heard[name] ?? 0;
  },

  /** Lets time pass in which nothing should happen, in milliseconds. */
  pause(time) {
    return new Promise((resolve) => setTimeout(resolve, time));
  },

  /** A cookie of the provider's, which has the app's host; the scenario ends with it. */
  cookie() {
    document.cookie = "scenario=1; path=/";
  },

  say(line) {
    run.lines.push(line);
  },

  /** Calls act in the handler of a click. The test presses the button. */
  click(act) {
    return new Promise((resolve) => {
      const button = document.createElement("button");
      button.id = "click";
      button.textContent = "click";
      button.onclick = () => {
        button.remove();
        resolve(act());
      };
      document.body.append(button);
    });
  },

  windows,

  /**
   * What /window does when it comes up in a window or a frame of this page.
   * severed takes its opener away, slow delays its broadcasts by milliseconds.
   */
  plan(act, { settings = {}, severed = false, stays = false, slow = 0 } = {}) {
    window.plan = { lib: run.lib, settings: t.settings(settings), act, severed, stays, slow, say: t.say };
  },

  /** Ends this part with something that leaves the page; the next one begins when the browser is back. */
  async leave(act, limit = STEP) {
    run.part++;
    window.name = JSON.stringify(run);
    try {
      await Promise.race([act(), t.pause(limit)]);
      run.lines.push("stayed");
      run.part--;
    } catch (reason) {
      run.part--;
      throw reason;
    }
  },
};

function storage() {
  for (const [name, store] of [["local", localStorage], ["session", sessionStorage]]) {
    for (const key of Object.keys(store).sort()) run.lines.push(`${name} ${key} = ${store.getItem(key)}`);
  }
}

const parts = [scenarios.get(run.name)].flat();
const before = run.part;
try {
  if (before === 0) {
    localStorage.clear();
    sessionStorage.clear();
  }
  await parts[before](t);
} catch (reason) {
  run.lines.push(`thrown ${reason?.name}: ${reason?.message}`);
}
if (run.part === before) {
  document.cookie = "scenario=; path=/; max-age=0";
  for (const opened of windows) opened.close();
  storage();
  globalThis.outcome = [...run.lines]; // what happens from now on belongs to no scenario
}
