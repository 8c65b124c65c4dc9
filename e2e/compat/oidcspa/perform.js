// @ts-check
// Performs one part of a scenario. A page that is left goes on with the next part when the tab is back, or with the same
// one if nobody had said that the page would be left.

import { describe, here, keep, provider, run, say, storage } from "./run.js";

/** How long one step may take, in milliseconds, before it counts as pending. */
const STEP = 20_000;

/** How long something that should not happen is waited for, in milliseconds. */
const QUIET = 400;

const pause = (time) => new Promise((resolve) => { setTimeout(resolve, time); });

/** A time as what is left of it, in minutes: what two clocks say differs by less. */
const left = (time) => (time === undefined ? undefined : time > 9e13 ? "never" : Math.round((time - Date.now()) / 60_000));

/** Tokens that are JWTs of the scenario have times in them. */
const shortened = ({ accessToken, refreshToken, idToken }) => Object.fromEntries(
  Object.entries({ accessToken, refreshToken, idToken }).map(([name, token]) => [name, token?.replace(/^e30\..*/, "<JWT>")]),
);

// What nobody catches reaches the app's error reports.
addEventListener("unhandledrejection", ({ reason }) => say(`unhandled ${reason?.name}`));
addEventListener("message", ({ data }) => data === "the app is loaded in the frame" && say(data));
window.alert = () => say("alert");

/** The class of an error that an app can tell from others. */
export const typeOf = (error, core) => (error instanceof core.OidcInitializationError ? "OidcInitializationError" : error?.name);

/** Performs the part that is due. module is the entry point that the scenario is of, beside core. */
export async function perform(scenario, core, module) {
  const part = run.part, parts = run.second ? [scenario.second] : scenario.parts;
  if (run.second) answer();
  try {
    await parts[part](kit(scenario, core, module));
  } catch (reason) {
    say(`thrown ${reason?.name}`);
    console.log("thrown", reason);
  }
  if (run.part !== part) return; // the page is left
  await pause(scenario.rest ?? 0);
  storage();
  globalThis.outcome = [...run.lines]; // what happens from now on belongs to no scenario
}

/** In a second tab: tells the first one what has happened here, when it asks, and ends with it. */
function answer() {
  const channel = new BroadcastChannel("suite");
  channel.onmessage = ({ data }) => {
    if (data.op !== run.op || data.lines) return;
    channel.postMessage({ op: run.op, lines: run.lines });
    if (data.ends) window.close();
  };
}

/** What has happened in the second tab; null if it does not answer now. */
async function asked(ends) {
  const channel = new BroadcastChannel("suite");
  const lines = new Promise((resolve) => {
    channel.onmessage = ({ data }) => data.op === run.op && data.lines && resolve(data.lines);
    channel.postMessage({ op: run.op, ends });
  });
  const first = await Promise.race([lines, pause(200).then(() => null)]);
  channel.close();
  return first;
}

/** What a part works with. */
function kit(scenario, core, module) {
  const t = {
    core,
    module,
    typeOf: (error) => error && typeOf(error, core),
    op: run.op,
    app: location.origin,
    kept: run.kept,
    ours: run.lib === "ours",
    say,
    here,
    pause,

    /** The parameters of this scenario. */
    params(extra = {}) {
      const given = typeof scenario.params === "function" ? scenario.params(t) : scenario.params;
      return { issuerUri: run.op, clientId: "app", ...given, ...extra };
    },

    /** createOidc(), and what it gives. */
    async start(extra = {}, name = "oidc") {
      const oidc = await t.attempt(name, () => core.createOidc(t.params(extra)), (given) => ({
        ...given, initializationError: undefined, backFromAuthServer: undefined, // below
      }));
      if (!oidc) return undefined;
      const { initializationError: failed, backFromAuthServer } = oidc;
      if (failed) t.show(`${name}.initializationError`, { type: typeOf(failed, core), isAuthServerLikelyDown: failed.isAuthServerLikelyDown });
      if (oidc.isUserLoggedIn) t.show(`${name}.backFromAuthServer`, backFromAuthServer);
      t.show("address", here());
      return oidc;
    },

    /** createOidc(), of which only a failure is written down. */
    async open(extra = {}) {
      try {
        return await core.createOidc(t.params(extra));
      } catch (reason) {
        say(`error open: ${typeOf(reason, core)}`);
        throw reason;
      }
    },

    /** The tokens that getTokens() gives. */
    async tokens(oidc, name = "tokens") {
      return t.attempt(name, () => oidc.getTokens(), (tokens) => ({
        ...tokens,
        ...(({ iat, exp, jti, nonce, auth_time, ...rest }) => ({ decodedIdToken: rest }))(tokens.decodedIdToken ?? {}),
        ...shortened(tokens),
        decodedIdToken_original: undefined,
        accessTokenExpirationTime: left(tokens.accessTokenExpirationTime),
        refreshTokenExpirationTime: left(tokens.refreshTokenExpirationTime),
        issuedAtTime: left(tokens.issuedAtTime),
      }));
    },

    show(name, value) {
      say(...describe(`result ${name}`, value));
    },

    /** What a function returns, or which error it throws. */
    call(name, act) {
      try {
        t.show(name, act());
      } catch (reason) {
        say(`error ${name}: ${reason?.name}`);
      }
    },

    /** What a promise comes to; shown says how a value is written down. */
    async attempt(name, act, shown = (value) => value, wait = STEP) {
      try {
        const late = Symbol("late");
        const value = await Promise.race([act(), pause(wait).then(() => late)]);
        if (value === late) {
          say(`pending ${name}`);
          return undefined;
        }
        t.show(name, shown(value));
        return value;
      } catch (reason) {
        say(`error ${name}: ${typeOf(reason, core)}`);
        if (reason instanceof core.OidcInitializationError) say(`error ${name} isAuthServerLikelyDown: ${reason.isAuthServerLikelyDown}`);
        if (!(reason instanceof Error)) say(`error ${name} is no Error`);
        console.log(name, reason);
        return undefined;
      }
    },

    /** What should not settle: a line if it does. */
    stays(name, act) {
      return t.attempt(name, act, undefined, QUIET);
    },

    provider,

    /** What the provider was asked so far. */
    async log() {
      return (await fetch(`/log?op=${encodeURIComponent(run.op)}`)).json();
    },

    /** Waits until something is true; not for ever. */
    async until(what, done, limit = STEP) {
      for (const end = Date.now() + limit; Date.now() < end; await pause(20)) if (await done()) return;
      say(`never ${what}`);
    },

    /** Ends this part with something that leaves the page; the next one begins when the tab is back. */
    async leave(act, limit = STEP) {
      run.part++;
      keep();
      try {
        const over = await Promise.race([act(), pause(limit)]);
        say(over === undefined ? "stayed" : `stayed ${over}`);
      } catch (reason) {
        say(`error leave: ${typeOf(reason, core)}`);
        console.log("leave", reason);
      }
      run.part--;
      keep();
    },

    /** Ends this part; the next one begins at an address, or here again. */
    visit(address = here()) {
      return t.leave(() => {
        if (address.split("#")[0] === here().split("#")[0]) location.reload();
        else location.assign(address);
        return pause(STEP);
      });
    },

    /** As visit(), in a browser in which no program of the client is left. */
    restart(address = here()) {
      run.next = address;
      return t.visit("/between");
    },

    /** Opens a second tab at an address, in which scenario.second is performed on every page. */
    async openSecond(address) {
      const { lib, name, op } = run, button = document.createElement("button");
      button.id = "click";
      button.onclick = () => {
        button.remove();
        window.open(`/run?${new URLSearchParams({ lib, name, op, second: address })}`, "", "popup"); // in a window of its own: nobody hides the other one
      };
      document.body.append(button);
      await t.until("a second tab", () => !button.isConnected, 3 * STEP); // the test may be busy with the other client
    },

    /** Waits until the second tab has said something; ends it then, and writes down what it has said, if that is all. */
    async second(line, ends = false) {
      await t.until(`in the second tab: ${line}`, async () => (await asked(false))?.includes(line));
      if (ends) say("the second tab:", ...await asked(true) ?? []);
    },

    /** How many entries the tab's history has of this scenario. */
    entries() {
      return window.navigation.entries().length;
    },
  };
  return t;
}
