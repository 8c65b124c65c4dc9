// @ts-check
// The API: passes calls on to the program, and events to the app.

import { takeResponse, handOver, isRestoring } from "./address.js";
import { onDemand } from "./demand.js";
import { failure, toError } from "./errors.js";
import { UserManagerEvents } from "./events.js";
import { connect } from "./host.js";
import { Backoff, stampOf } from "./life.js";
import { MetadataService } from "./metadata.js";
import { own } from "./own.js";
import { addPeer } from "./peers.js";
import { watchIntent } from "./intent.js";
import { openPopup } from "./popup.js";
import { SERVICES, dropExpired } from "./services.js";
import { UserManagerSettingsStore, forProgram, mentionUnused } from "./settings.js";
import { User, toUser } from "./user.js";

/** When a script that could not be loaded is tried again, in milliseconds. */
const PAUSE = 5_000;

const IN_PAGE = typeof document === "object";

/** Signs in, keeps the session, signs out. See oidcspa.d.ts. */
export class UserManager {
  /** Keeps Vue from wrapping it: a Proxy has no private members. */
  [Symbol.toStringTag] = "UserManager";
  #connection = null;
  #callback = null;
  #given;
  #hintKey;
  #active = () => {};
  /** What the app knows of the user; see stampOf. */
  #known;
  #left = false;
  #recovering = false;
  #backoff = new Backoff();
  /** How the next navigation of the tab goes. */
  #redirect;
  /** What else a frame gets. */
  #framing;
  /** Those of the app, if it has any. */
  #navigators;
  /** @type {((url: string) => void) | undefined} */
  #go;

  constructor(given, redirect, popups, frames) {
    const settings = this.#given = own(given);
    this.#navigators = { redirect, popups, frames, leave: redirect && ((url) => this.#leaveWith(url)) };
    this.settings = this.#redirect = new UserManagerSettingsStore(this.#given);
    mentionUnused(settings).catch(() => {});
    this.metadataService = new MetadataService(this.settings, () => this.#call("metadata"));
    this.events = new UserManagerEvents();
    this.#hintKey = `oidcspa.session:${settings.authority}:${settings.client_id}`;
    addPeer(this.settings);
    if (!IN_PAGE) return; // a server that renders the app hears of nothing
    addEventListener("storage", (event) => this.#onStorage(event));
    addEventListener("pagehide", (event) => this.#leave(event));
    addEventListener("online", () => this.#wake());
    addEventListener("pageshow", (event) => {
      this.#comeBack(event);
      this.#wake();
    });
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake());
    if (settings.fetch) onDemand().catch(() => {}); // while there is a network
    if (settings.idle) {
      const report = () => { this.#connection?.then((c) => c.notify("stayActive"), () => {}); };
      this.#active = report;
      const name = `oidcspa.active:${settings.authority}:${settings.client_id}`;
      const watch = () => onDemand().then((parts) => { this.#active = parts.watchActivity(name, report); }, () => setTimeout(watch, PAUSE));
      watch();
    }
    if (settings.monitorAnonymousSession) this.#connect().catch(() => {});
    if (settings.prepare) watchIntent(settings.prepare, () => this.#call("prepare", { by: settings.prepare }).catch(() => {})); // the sign-in says why
  }

  async getUser(raiseEvent = false) {
    const user = await this.#getUser();
    this.#known ??= stampOf(user);
    if (user && raiseEvent) this.events.load(user);
    return user;
  }

  async storeUser(user) {
    const { state, url_state } = own(user);
    const fields = user && { ...JSON.parse(User.prototype.toStorageString.call(own(user))), state, url_state };
    await this.#call("storeUser", { user: fields ?? null });
  }

  async #getUser() {
    // Who never signed in does not pay for the worker.
    if (!this.#connection && !this.#signedIn()) return null;
    // In the frame of a page that waits for this response before it knows the user.
    if (window.parent !== window) await this.#handOver(location.href);
    // Back from a round trip that the app knows nothing of.
    if (isRestoring()) return (await this.signinCallback()) ?? null;
    const ask = () => this.#call("getUser", { return_to: location.href });
    // With a program that has just ended it is asked again: it changes nothing.
    return toUser(await ask().catch((error) => (error.code === "runtime_stopped" ? ask() : Promise.reject(error))));
  }

  async prepare() {
    await this.#call("prepare");
  }

  signinRedirect(given) {
    const args = own(given);
    return this.#leaveFor("signinRedirect", { ...args, called: Date.now(), return_to: args.return_to ?? location.href });
  }

  async #leaveFor(method, args) {
    const { redirectMethod = this.settings.redirectMethod, redirectTarget = this.settings.redirectTarget, ...params } = own(args);
    this.#redirect = { redirectMethod, redirectTarget };
    if (!this.#navigators.redirect) {
      await this.#call(method, params).catch((error) => {
        if (!this.#left || error.code !== "aborted") throw error; // the page has gone before the program has heard that it goes
      });
      return shownAgain();
    }
    return this.#guide(async (go) => {
      this.#go = go;
      try {
        await this.#call(method, params);
      } finally {
        if (this.#go === go) this.#go = undefined;
      }
    });
  }

  /** Leaves with the app's navigator, when it is known where to. */
  async #guide(leave) {
    const prepared = this.#navigators.redirect.prepare(this.#redirect);
    const { leaveWith } = await loadFor({ prepared });
    await leaveWith(prepared, leave);
  }

  signinInitiated(url = location.href) {
    return this.#leaveFor("signinInitiated", { url });
  }

  signinRedirectCallback(url) {
    return this.signinCallback(url);
  }

  signinCallback(url) {
    if (url !== undefined) return this.#signinCallback(url);
    // Frameworks run effects twice: the second gets the result of the first.
    this.#callback ??= this.#signinCallback(takeResponse(["code", "error", "response"])).finally(() => { this.#callback = null; });
    return this.#callback;
  }

  async #signinCallback(url) {
    if (await this.#handOver(url)) return undefined;
    return toUser(await this.#call("signinCallback", { url })) ?? undefined;
  }

  async signinSilent(given) {
    const { iframeAttributes, ...args } = own(given);
    const framing = { iframeAttributes };
    if (iframeAttributes) this.#framing = framing;
    try {
      return toUser(await this.#call("signinSilent", args));
    } finally {
      if (this.#framing === framing) this.#framing = undefined;
    }
  }

  async signinSilentCallback(url = takeResponse(["code", "error"])) {
    await this.#answer(this.#navigators.frames, url);
  }

  /** In a frame or a window: gives the response to the navigator that has made it, or to its page. */
  async #answer(navigator, url, how) {
    if (navigator) await navigator.callback(url, how);
    else if (!await handOver(url, how?.keepOpen)) throw failure("state_unknown", "no page waits for the response in this window");
  }

  /** The same where it may be a page of the app's own; resolves to false then. */
  #handOver(url, keepOpen) {
    const { frames, popups } = this.#navigators;
    return handOver(url, keepOpen, window.parent !== window ? frames : window.opener && popups);
  }

  async signinResourceOwnerCredentials(args) {
    return toUser(await this.#call("signinCredentials", args));
  }

  querySessionStatus(args) {
    return this.#call("querySessionStatus", args);
  }

  startSilentRenew() {
    this.#renew(true);
  }

  stopSilentRenew() {
    this.#renew(false);
  }

  #renew(on) {
    this.#given.automaticSilentRenew = on;
    this.#connection?.then((connection) => connection.call("silentRenew", { on })).catch(() => {});
  }

  /** For SessionMonitor. */
  _monitor() {
    this.#given.monitorSession = true;
    this.#connection?.then((connection) => connection.call("monitorSession")).catch(() => {});
  }

  async clearStaleState() {
    dropExpired();
    const { State } = await import("../client.js");
    await State.clearStaleState(this.settings.stateStore, this.settings.staleStateAgeInSeconds);
  }

  async stayActive() {
    this.#active();
  }

  async signinPopup(args = {}) {
    return toUser(await this.#inPopup("signinPopup", args));
  }

  async #inPopup(method, args) {
    const { params, ...popup } = openPopup(this.settings, args, this.#navigators.popups);
    const { follow } = await loadFor(popup);
    return follow(popup, () => this.#call(method, params));
  }

  async signinPopupCallback(url = takeResponse(["code", "error"]), keepOpen = false) {
    await this.#answer(this.#navigators.popups, url, { keepOpen });
  }

  async signoutPopup(args = {}) {
    await this.#inPopup("signoutPopup", args);
  }

  async signoutPopupCallback(url = takeResponse(["state", "error"]), keepOpen = false) {
    await this.#answer(this.#navigators.popups, url, { keepOpen });
  }

  async removeUser() {
    if (this.#connection || this.#signedIn()) await this.#call("removeUser");
  }

  dpopProof(url, _user, method = "GET", nonce) {
    return this.#call("dpopProof", { url: String(url), method, nonce });
  }

  async generateDPoPJkt() {
    return (await this.#call("dpopJkt")) ?? undefined;
  }

  async revokeTokens(types) {
    await this.#call("revokeTokens", { types });
  }

  async fetch(input, init) {
    const shown = this.#known;
    try {
      const { fetchThrough } = await onDemand();
      return await fetchThrough(await this.#connect(), input, init, shown);
    } catch (error) {
      if (error?.code === "step_up_required" && !this.#navigators.redirect) await shownAgain();
      throw error;
    }
  }

  signoutRedirect(args = {}) {
    return this.#leaveFor("signoutRedirect", args);
  }

  async signoutSilent(args = {}) {
    await this.#call("signoutSilent", args);
  }

  async signoutSilentCallback(url = takeResponse(["state", "error"])) {
    await this.#answer(this.#navigators.frames, url);
  }

  async signoutRedirectCallback(url = takeResponse(["state", "error"])) {
    return signoutResponse(url, await this.#call("signoutCallback", { url }));
  }

  async signoutCallback(url = takeResponse(["state", "error"]), keepOpen = false) {
    if (await this.#handOver(url, keepOpen)) return undefined;
    const found = own(await this.#call("signoutCallback", { url }));
    return (found.state ?? found.url_state) == null ? undefined : signoutResponse(url, found);
  }

  /** How the program is doing. */
  stats() {
    return this.#call("stats");
  }

  /** What timers missed is due; the program decides what to do. */
  #wake() {
    this.#connection?.then((connection) => connection.notify("wake"), () => {});
  }

  async #call(method, given) {
    let params = own(given);
    // Frameworks give the click's event to what is called for it.
    if (params.isTrusted !== undefined) params = { called: params.called, return_to: params.return_to, window: params.window };
    const connection = await this.#connect();
    return connection.call(method, params);
  }

  /** The connection; a new one if there is none or the worker has ended. */
  async #connect() {
    const opening = (this.#connection ??= this.#start());
    let connection;
    try {
      connection = await opening;
      await connection.sure;
    } finally {
      if ((!connection || connection.stopped) && this.#connection === opening) this.#connection = null;
    }
    return connection.stopped ? this.#connect() : connection;
  }

  #start() {
    const given = this.#given;
    const opening = connect(given, (method, params, worker) => this.#serve(method, params, worker), {
      host: given.host, signed_in: this.#signedIn(), settings: forProgram(given),
    });
    opening.then(async (connection) => {
      const reason = await connection.gone;
      if (this.#connection === opening) this.#connection = null;
      this.#onLoss(reason);
    }, () => {});
    return opening;
  }

  #serve(method, params, worker) {
    if (method === "event") return this.#onEvent(params);
    if (method === "hint") return this.#keepHint(params.signed_in);
    if (!Object.hasOwn(SERVICES, method)) throw { code: "internal" };
    return SERVICES[method](params, own({ ...this.settings, ...this.#redirect, ...this.#framing, worker }), this.#navigators);
  }

  #leaveWith(url) {
    if (this.#go) this.#go(url);
    else this.#guide(async (go) => go(url)).catch(reportError); // nobody waits for it
  }

  /**
   * Leaves a worker that goes on without this page: it must not wait for an
   * answer of a page that sleeps. A program of this page's sleeps with it.
   */
  #leave({ persisted }) {
    this.#connection?.then((connection) => {
      if (persisted && !connection.shared) return;
      connection.notify("close");
      if (!persisted) return;
      this.#left = true;
      connection.stop(failure("aborted", "the page was left"));
    }, () => {});
  }

  /** Shown again, out of the back/forward cache. */
  #comeBack({ persisted }) {
    if (!persisted) return;
    if (this.#left) {
      this.#connection ??= this.#start(); // the storage may not say yet who is there
      this.#catchUp();
    } else if (!this.#signedIn()) this.removeUser().catch(() => {});
    this.#left = false;
  }

  /** The program has ended: who only listens needs a new one, too. */
  async #onLoss({ code }) {
    if (code !== "runtime_stopped" || this.#recovering) return;
    this.#recovering = true;
    do await this.#backoff.pause(); while (!await this.#catchUp());
    this.#recovering = false;
  }

  /**
   * Tells the app what has happened while there was no connection. Resolves to
   * false if the program has ended again.
   */
  async #catchUp() {
    try {
      const user = await this.#getUser();
      if (stampOf(user) === (this.#known ?? stampOf(null))) return true;
      this.#known = stampOf(user);
      if (user) this.events._raise("userLoaded", user);
      else this.events._raise("userUnloaded");
    } catch (error) {
      if (error.code === "runtime_stopped") return false;
      this.events._raise("silentRenewError", error);
    }
    return true;
  }

  #onEvent({ name, user, error, seconds_left, step_up }) {
    if (name === "userLoaded" || name === "userUnloaded") this.#known = stampOf(user);
    if (name === "userLoaded") this.events._raise(name, toUser(user));
    else if (name === "idleCountdown") {
      if (this.events._raise(name, seconds_left)) this.#active();
    } else if (step_up) this.events._raise(name, step_up);
    else if (error) this.events._raise(name, toError(error));
    else this.events._raise(name);
  }

  /** Whether there was a session when this origin was last here. */
  #signedIn() {
    try {
      return localStorage.getItem(this.#hintKey) !== null;
    } catch {
      return IN_PAGE; // no way to know: the program finds out
    }
  }

  #keepHint(signedIn) {
    try {
      if (signedIn) localStorage.setItem(this.#hintKey, "1");
      else localStorage.removeItem(this.#hintKey);
    } catch {
      // without storage every start asks the provider
    }
  }

  /** Another tab signed in, and this one has no program that could have heard of it. */
  async #onStorage({ key }) {
    if (key !== this.#hintKey && key !== null) return;
    if (this.#signedIn() && !this.#connection) await this.#catchUp();
  }
}

/** Loads what goes on with a window that is open already, or with what a navigator has prepared. */
async function loadFor({ opened, prepared }) {
  try {
    return (await Promise.all([onDemand(), prepared]))[0];
  } catch (error) {
    Promise.resolve(opened ?? prepared).then((handle) => handle.close()).catch(() => {});
    throw error;
  }
}

async function signoutResponse(url, found) {
  const { SignoutResponse } = await import("../client.js");
  return Object.assign(new SignoutResponse(new URL(url).searchParams), { userState: own(found).state ?? undefined });
}

/** Resolves when the page comes back from the back/forward cache. */
function shownAgain() {
  return new Promise((resolve) => addEventListener("pageshow", resolve, { __proto__: null, once: true }));
}
