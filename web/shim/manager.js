// @ts-check
// The API: passes calls on to the program, and events to the app.

import { takeResponse, handToParent, isRestoring } from "./address.js";
import { pageLock } from "./connection.js";
import { toError } from "./errors.js";
import { UserManagerEvents } from "./events.js";
import { connect } from "./host.js";
import { MetadataService } from "./metadata.js";
import { SERVICES } from "./services.js";
import { UserManagerSettingsStore } from "./settings.js";
import { toUser } from "./user.js";

/** The number of the contract with the program; see wasm/api. */
const VERSION = 1;

/** All clients of this page, open or not: the program keeps their responses apart. */
const peers = new Set();

/** Signs in, keeps the session, signs out. See oidcspa.d.ts. */
export class UserManager {
  #connection = null;
  #callback = null;
  #given;
  #hintKey;

  constructor(settings) {
    this.#given = { ...settings };
    this.settings = new UserManagerSettingsStore(this.#given);
    this.metadataService = new MetadataService(this.settings, () => this.#call("metadata"));
    this.events = new UserManagerEvents();
    this.#hintKey = `oidcspa.session:${settings?.authority}:${settings?.client_id}`;
    const { authority, redirect_uri: uri, silent_redirect_uri: silent } = this.settings;
    peers.add(JSON.stringify([authority, uri, silent ?? uri]));
    addEventListener("storage", (event) => this.#onStorage(event));
    addEventListener("online", () => this.#wake());
    addEventListener("pageshow", () => this.#wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#wake();
    });
    addEventListener("pagehide", (event) => {
      if (!event.persisted) this.#connection?.then((c) => c.notify("close"), () => {});
    });
  }

  async getUser() {
    // Who never signed in does not pay for the worker.
    if (!this.#connection && !this.#signedIn()) return null;
    // Back from a round trip that the app knows nothing of.
    if (isRestoring()) return (await this.signinCallback()) ?? null;
    return toUser(await this.#call("getUser", { return_to: location.href }));
  }

  async signinRedirect(args = {}) {
    await this.#call("signinRedirect", { ...args, return_to: args.return_to ?? location.href });
    await shownAgain();
  }

  signinCallback(url) {
    if (url !== undefined) return this.#signinCallback(url);
    // Frameworks run effects twice: the second gets the result of the first.
    this.#callback ??= this.#signinCallback(takeResponse(["code", "error", "response"])).finally(() => { this.#callback = null; });
    return this.#callback;
  }

  async #signinCallback(url) {
    if (handToParent(url)) return undefined;
    return toUser(await this.#call("signinCallback", { url }));
  }

  async signinSilent(args = {}) {
    return toUser(await this.#call("signinSilent", args));
  }

  async removeUser() {
    if (this.#connection || this.#signedIn()) await this.#call("removeUser");
  }

  dpopProof(url, _user, method = "GET", nonce) {
    return this.#call("dpopProof", { url: String(url), method, nonce });
  }

  async revokeTokens(types) {
    await this.#call("revokeTokens", { types });
  }

  async signoutRedirect(args = {}) {
    await this.#call("signoutRedirect", args);
    await shownAgain();
  }

  async signoutCallback(url = takeResponse(["state", "error"])) {
    if (!new URL(url).search) return {};
    const { state } = await this.#call("signoutCallback", { url });
    return state === null ? {} : { state };
  }

  /** How the program is doing. */
  stats() {
    return this.#call("stats");
  }

  /** What timers missed is due; the program decides what to do. */
  #wake() {
    this.#connection?.then((connection) => connection.notify("wake"), () => {});
  }

  async #call(method, params) {
    const connection = await this.#connect();
    return connection.call(method, params);
  }

  /** The connection; a new one if there is none or the worker has ended. */
  async #connect() {
    const opening = (this.#connection ??= this.#open());
    let connection;
    try {
      connection = await opening;
    } finally {
      if ((!connection || connection.stopped) && this.#connection === opening) this.#connection = null;
    }
    return connection.stopped ? this.#connect() : connection;
  }

  async #open() {
    const { host, assets, ...settings } = this.#given;
    const connection = await connect({ host, assets }, (method, params) => this.#serve(method, params));
    try {
      await connection.call("open", { version: VERSION, signed_in: this.#signedIn(), lock: await pageLock, peers: [...peers].map((peer) => JSON.parse(peer)), settings });
    } catch (error) {
      connection.notify("close");
      connection.stop(error);
      throw error;
    }
    return connection;
  }

  #serve(method, params) {
    if (method === "event") return this.#onEvent(params);
    if (method === "hint") return this.#keepHint(params.signed_in);
    if (!Object.hasOwn(SERVICES, method)) throw { code: "internal" };
    return SERVICES[method](params);
  }

  #onEvent({ name, user, error }) {
    if (name === "userLoaded") this.events._raise(name, toUser(user));
    else if (error) this.events._raise(name, toError(error));
    else this.events._raise(name);
  }

  /** Whether there was a session when this origin was last here. */
  #signedIn() {
    try {
      return localStorage.getItem(this.#hintKey) !== null;
    } catch {
      return true; // no way to know: the program finds out
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

  /** Another tab signed in or out; it need not share our worker. */
  async #onStorage({ key }) {
    if (key !== this.#hintKey && key !== null) return;
    const signedIn = this.#signedIn();
    try {
      if (!signedIn && this.#connection) {
        // A sign-in that this program is about to complete is not meant.
        if (await this.#call("getUser")) await this.#call("removeUser");
      } else if (signedIn && !this.#connection) {
        const user = await this.getUser();
        if (user) this.events._raise("userLoaded", user);
      }
    } catch (error) {
      this.events._raise("silentRenewError", error);
    }
  }
}

/** Resolves when the page comes back from the back/forward cache. */
function shownAgain() {
  return new Promise((resolve) => addEventListener("pageshow", resolve, { once: true }));
}
