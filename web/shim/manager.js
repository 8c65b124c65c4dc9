// @ts-check
// The API: passes calls on to the program, and events to the app.

import { keptFor, takeResponse, handOver } from "./address.js";
import { onDemand } from "./demand.js";
import { failure, toError } from "./errors.js";
import { UserManagerEvents } from "./events.js";
import { connect, runs } from "./host.js";
import { shownAgain, stampOf } from "./life.js";
import { MetadataService } from "./metadata.js";
import { own } from "./own.js";
import { addPeer } from "./peers.js";
import { openPopup } from "./popup.js";
import { dropExpired, responseOf, serve } from "./services.js";
import { UserManagerSettingsStore, forProgram, mentionUnused } from "./settings.js";
import { isNews, mayLeave, reaction, standingOf } from "./standing.js";
import { User, toUser } from "./user.js";

/** When a script that could not be loaded is tried again, in milliseconds. */
const PAUSE = 5_000;

const IN_PAGE = !!globalThis.document;

/** Made here: what an error's stack names is kept with it, and a connection keeps why it has ended. */
const DISPOSED = failure("disposed", "dispose()");

/**
 * The responses that are being read, by client. Frameworks run effects twice:
 * the second gets the result of the first, also from another manager.
 * @type {Map<string, Promise<any>>}
 */
const callbacks = new Map();

/** Signs in, keeps the session, signs out. See oidcspa.d.ts. */
export class UserManager {
  /** Keeps Vue from wrapping it: a Proxy has no private members. */
  [Symbol.toStringTag] = "UserManager";
  #connection = null;
  #given;
  /** The client, in keys of storage and of transactions. */
  #key;
  /** Aborted when it is disposed of. */
  #life = new AbortController();
  #active = () => this.#tell("stayActive");
  /** What the app knows of the user; see stampOf. */
  #known;
  #left = false;
  #loss = {};
  /** Those who call getUser() first: what the program before has told is enough for them; null once anything else is called, or happens. */
  #early = [];
  /** How the next navigation of the tab goes. */
  #redirect;
  /** What else a frame gets. */
  #framing;
  /** Those of the app, if it has any. */
  #navigators;
  /** Settles when the call before has been sent, or is not to be. */
  #turn = Promise.resolve();

  constructor(given, redirect, popups, frames) {
    const settings = this.#given = own(given);
    this.#navigators = { redirect, popups, frames };
    this.settings = this.#redirect = new UserManagerSettingsStore(settings);
    mentionUnused(settings);
    this.metadataService = new MetadataService(this.settings, () => this.#call("metadata"));
    this.events = new UserManagerEvents();
    const key = this.#key = `${settings.authority}:${settings.client_id}`;
    addPeer(this.settings);
    if (!IN_PAGE) return; // a server that renders the app hears of nothing
    const signal = this.#life.signal;
    const on = (type, listener) => addEventListener(type, listener, { __proto__: null, capture: true, signal });
    const woken = () => this.#react("woken");
    on("storage", (event) => (event.key ?? key).endsWith(key) && this.#react("stored"));
    on(`oidcspa.${key}`, () => this.#connection ?? this.#react("stored"));
    on("pagehide", (event) => this.#leave(event));
    on("pageshow", ({ persisted }) => {
      this.#react(persisted ? "shown" : "woken");
      this.#left = false;
    });
    on("online", woken);
    on("visibilitychange", () => document.hidden || woken());
    const { saveData, effectiveType } = navigator.connection ?? {};
    const by = !(saveData || effectiveType?.includes("2g")) && settings.prepare;
    const load = () => onDemand().then((parts) => {
      if (settings.idle) this.#active = parts.watchActivity(`oidcspa.active:${key}`, this.#active, signal);
    }, () => setTimeout(load, PAUSE));
    if (settings.fetch || settings.idle) load(); // while there is a network
    let prepare = () => {
      prepare = () => {}; // once
      this.#call("prepare", { by }).catch(prepare); // the sign-in says why
    };
    if (by === "intent") {
      for (const sign of ["pointerover", "focusin"]) on(sign, ({ target }) => target.closest?.("[data-oidcspa-signin]") && prepare());
    } else if (by) (window.requestIdleCallback ?? setTimeout)(prepare);
    if (settings.monitorAnonymousSession) this.#connect().catch(() => {});
  }

  async dispose() {
    this.#life.abort(DISPOSED);
    this.#early = null;
    this.events._clear();
    await callbacks.get(this.#key)?.catch(() => {}); // a response can be used once
    this.#tell("close");
    this.#connection?.then((connection) => connection.stop(DISPOSED), () => {});
  }

  async getUser(raiseEvent = false) {
    const asked = this.#getUser("call");
    const user = await new Promise((resolve, reject) => {
      asked.then(resolve, reject);
      this.#early?.push((told) => {
        resolve(told);
        this.#catchUp("", asked).then((goesOn) => goesOn !== false || this.#onLoss({ code: "runtime_stopped" }));
      });
    });
    this.#known ??= stampOf(user);
    if (user && raiseEvent) this.events.load(user);
    return user;
  }

  async storeUser(user) {
    const { state, url_state } = own(user);
    const fields = user && { ...JSON.parse(User.prototype.toStorageString.call(own(user))), state, url_state };
    await this.#call("storeUser", { user: fields ?? null });
  }

  async #getUser(event) {
    const response = IN_PAGE && keptFor(this.#key);
    // Who never signed in does not pay for the worker.
    if (!response?.response && !await this.#reaches(event)) return null;
    // In the frame of a page that waits for this response before it knows the user.
    if (window.parent !== window) await this.#handOver(location.href);
    // Back from a round trip that the app knows nothing of, or in a page that was left during signinCallback().
    if (response?.restore && !callbacks.has(this.#key)) return (await this.signinCallback()) ?? null;
    await callbacks.get(this.#key)?.catch(() => {}); // it may bring somebody
    const ask = (return_to) => this.#call("getUser", { return_to });
    const from = mayLeave(event, response) ? location.href : undefined, settled = new AbortController();
    // A page that is shown again does not wait for the tab to leave, nor hear what came of that.
    const again = from && shownAgain(settled.signal).then(() => ask());
    const first = ask(from).catch((error) => {
      if (error.code === "runtime_stopped") return ask(from); // it has just ended: asking again changes nothing
      return this.#left && again || Promise.reject(error);
    });
    return toUser(await Promise.race([first, again ?? first]).finally(() => settled.abort()));
  }

  /** Whether there is a program to ask, or one to be started, when something happens. */
  async #reaches(event, anywhere) {
    this.#life.signal.throwIfAborted();
    const follows = this.#reaction(event);
    return follows === "ask" || follows === "find" && await runs(this.#given, anywhere);
  }

  #reaction(event) {
    return reaction(event, { ...this.#standing(), connected: this.#connection, left: this.#left });
  }

  async prepare() {
    await this.#call("prepare");
  }

  /** For createoidc.js: how to go on with a response that this tab does not know; undefined if there is no program. */
  _awaits(state) {
    return this.#call("awaits", { state }, () => this.#reaches("call"));
  }

  signinRedirect(given) {
    const args = own(given);
    return this.#leaveFor("signinRedirect", { ...args, called: Date.now(), return_to: args.return_to ?? location.href });
  }

  async #leaveFor(method, args) {
    const { redirectMethod = this.settings.redirectMethod, redirectTarget = this.settings.redirectTarget, ...params } = own(args);
    this.#redirect = { redirectMethod, redirectTarget };
    const call = () => this.#call(method, params);
    const redirect = this.#navigators.redirect;
    if (redirect) {
      const prepared = redirect.prepare(this.#redirect);
      return (await loadFor({ prepared })).leaveWith(prepared, this.#navigators, call);
    }
    await call().catch((error) => {
      if (!this.#left || error.code !== "aborted") throw error; // the page has gone before the program has heard that it goes
    });
    await shownAgain();
  }

  signinInitiated(url = location.href) {
    return this.#leaveFor("signinInitiated", { url });
  }

  signinRedirectCallback(url) {
    return this.signinCallback(url);
  }

  async signinCallback(url) {
    if (url !== undefined) return (await this.#signinCallback(url)).done;
    this.#life.signal.throwIfAborted();
    const key = this.#key;
    if (!callbacks.has(key)) {
      const response = takeResponse("code", key, this.settings.redirect_uri);
      callbacks.set(key, this.#signinCallback(response).finally(() => {
        callbacks.delete(key);
        if (!this.#left && keptFor(key)) sessionStorage.removeItem(responseOf(key)); // the app has heard what became of it
      }));
    }
    return (await callbacks.get(key)).done;
  }

  /** Settles when a navigator that gets the response has been called; it may call back before it is done. */
  async #signinCallback(url) {
    let handed;
    const user = await this.#call("signinCallback", { url }, async () => !(handed = await this.#handOver(url)));
    return handed ?? { done: toUser(user) ?? undefined };
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

  async signinSilentCallback(url = takeResponse("code")) {
    await this.#answer(this.#navigators.frames, url);
  }

  /** In a frame or a window: gives the response to the navigator that has made it, or to its page. */
  async #answer(navigator, url, how) {
    if (navigator) await navigator.callback(url, how);
    else if (!await handOver(url, how?.keepOpen)) throw failure("state_unknown", "nobody waits for it");
  }

  /** The same where it may be a page of the app's own; resolves to null then. */
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
    this.#tell("silentRenew", { on });
  }

  /** For SessionMonitor. */
  _monitor() {
    this.#given.monitorSession = true;
    this.#tell("monitorSession");
  }

  async clearStaleState() {
    dropExpired();
    const { State } = await import("../client.js");
    await State.clearStaleState(this.settings.stateStore, this.settings.staleStateAgeInSeconds);
  }

  async stayActive() {
    this.#life.signal.throwIfAborted();
    this.#active();
  }

  async signinPopup(args) {
    return toUser(await this.#inPopup("signinPopup", args));
  }

  async #inPopup(method, args) {
    this.#life.signal.throwIfAborted();
    const { params, ...popup } = openPopup(this.settings, args, this.#navigators.popups);
    const loading = loadFor(popup);
    if (popup.prepared) await loading; // as long as the app takes
    const call = this.#call(method, params, () => loading);
    call.catch(() => {}); // heard below
    return (await loading).follow(popup, () => call);
  }

  async signinPopupCallback(url = takeResponse("code"), keepOpen = false) {
    await this.#answer(this.#navigators.popups, url, { keepOpen });
  }

  async signoutPopup(args) {
    await this.#inPopup("signoutPopup", args);
  }

  async signoutPopupCallback(url = takeResponse("state"), keepOpen = false) {
    await this.#answer(this.#navigators.popups, url, { keepOpen });
  }

  async removeUser() {
    await this.#call("removeUser", {}, () => this.#reaches("call", true));
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
    await this.#turn;
    const { fetchThrough } = await onDemand();
    return fetchThrough(await this.#connect(), input, init, shown, !this.#navigators.redirect);
  }

  signoutRedirect(args) {
    return this.#leaveFor("signoutRedirect", args);
  }

  async signoutSilent(args) {
    await this.#call("signoutSilent", args);
  }

  async signoutSilentCallback(url = takeResponse("state")) {
    await this.#answer(this.#navigators.frames, url);
  }

  async signoutRedirectCallback(url = takeResponse("state", this.#key)) {
    return signoutResponse(url, await this.#call("signoutCallback", { url }));
  }

  async signoutCallback(url = takeResponse("state", this.#key), keepOpen = false) {
    let handed;
    const found = own(await this.#call("signoutCallback", { url }, async () => !(handed = await this.#handOver(url, keepOpen))));
    await handed?.done;
    return (found.state ?? found.url_state) == null ? undefined : signoutResponse(url, found);
  }

  /** How the program is doing. */
  stats(args) {
    return this.#call("stats", args);
  }

  /** Something has happened that the app knows nothing of. */
  #react(event) {
    if (event !== "woken") this.#early = null;
    const follows = this.#reaction(event);
    // What timers missed is due; the program decides what to do.
    if (follows === "tell") this.#tell("wake", this.#standing());
    else if (follows) this.#catchUp(event);
  }

  /** Tells the program, if there is one. */
  #tell(method, params) {
    this.#connection?.then((connection) => connection.notify(method, params), () => {});
  }

  /** Calls arrive in the order in which they are made, whatever has to be found out before: whether to make one at all. */
  async #call(method, given, before = () => true) {
    if (method !== "getUser") this.#early = null;
    let params = own(given);
    // Frameworks give the click's event to what is called for it.
    if (params.isTrusted !== undefined) params = { called: params.called, return_to: params.return_to, window: params.window };
    const turn = this.#turn.then(before);
    this.#turn = turn.catch(() => {});
    if (await turn) return (await this.#connect()).call(method, params);
  }

  /** The connection; a new one if there is none or the worker has ended. */
  async #connect() {
    if (!callbacks.has(this.#key)) this.#life.signal.throwIfAborted();
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
    const given = this.#given, opening = connect(given, (method, params, worker) => this.#serve(method, params, worker), {
      host: given.host, ...this.#standing(), settings: forProgram(given),
    }, this.#early?.length);
    opening.then(async (connection) => {
      this.#early = null;
      const reason = await connection.gone;
      if (this.#connection === opening) this.#connection = null;
      this.#onLoss(reason);
    }, () => {});
    return opening;
  }

  #serve(method, params, worker) {
    if (method === "event") return this.#onEvent(params);
    if (method === "hint") return this.#keep(params);
    if (method === "told") return this.#early = this.#early?.forEach((tell) => tell(toUser(params)));
    return serve(method, params, own({ ...this.settings, ...this.#redirect, ...this.#framing, worker }), this.#navigators);
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
      connection.stop(failure("aborted", "the page is gone"));
    }, () => {});
  }

  /** The program has ended: who only listens needs a new one, too. */
  #onLoss({ code }) {
    if (code === "runtime_stopped") onDemand().then(({ recover }) => recover(this.#loss, () => this.#catchUp("lost")), () => {});
  }

  /**
   * Tells the app what has happened while there was no connection. Resolves to
   * false if the program has ended again.
   */
  async #catchUp(event, asked = this.#getUser(event)) {
    try {
      const user = await asked;
      const before = this.#known ?? stampOf(null);
      if (before === (this.#known = stampOf(user))) return true;
      this.events._raise(user ? "userLoaded" : "userUnloaded", user ?? undefined);
    } catch (error) {
      if (error.code === "runtime_stopped") return false;
      this.events._raise("silentRenewError", error);
    }
    return true;
  }

  #onEvent({ name, user, error, seconds_left, step_up }) {
    if (name === "userLoaded" || name === "userUnloaded") this.#known = stampOf(user);
    const value = user ? toUser(user) : step_up ?? (error ? toError(error) : seconds_left);
    if (user) dispatchEvent(new Event(`oidcspa.${this.#key}`)); // managers that only listen have no connection
    if (this.events._raise(name, value) && name === "idleCountdown") this.#active();
  }

  /** What storage holds. */
  #standing() {
    try {
      return standingOf(localStorage.getItem(`oidcspa.session:${this.#key}`), localStorage.getItem(`oidcspa.order:${this.#key}`));
    } catch {
      return { signed_in: IN_PAGE, order: "" }; // no way to know: the program finds out
    }
  }

  /** Keeps what the program tells. The hint comes first: alone it is no news to others. */
  #keep(news) {
    if (!isNews(this.#standing(), news)) return;
    try {
      if (news.signed_in) localStorage.setItem(`oidcspa.session:${this.#key}`, "1");
      else localStorage.removeItem(`oidcspa.session:${this.#key}`);
      if (news.order) localStorage.setItem(`oidcspa.order:${this.#key}`, news.order);
    } catch {
      // without storage every start asks the provider
    }
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
  return SignoutResponse._for(url, own(found));
}
