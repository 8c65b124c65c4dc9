// @ts-check
// OpenID Connect for single-page apps. This file is the page's side: it
// starts the program in a worker, passes calls and events on, and offers the
// few things that only a page can do. Decisions are made in the program.

const SCRIPT_URL = import.meta.url;
const WORKER_FILE = "worker.js";

/** The number of the contract with the program; see wasm/api. */
const VERSION = 1;

/** How long a worker may take to say that its script runs, in milliseconds. */
const HELLO_TIMEOUT = 10_000;

/** How long a frame that has loaded may take to answer, in milliseconds. */
const FRAME_GRACE = 1_000;

/** What a provider adds to an address. */
const RESPONSE_PARAMETERS = ["code", "state", "iss", "error", "error_description", "error_uri", "session_state"];

/** Every failure; `code` is stable and says why. */
class OIDCError extends Error {
  /**
   * @param {string} message
   * @param {{code: string}} data facts about the failure, with its code
   */
  constructor(message, data) {
    super(message);
    Object.assign(this, data);
    this.name = new.target.name;
  }
}

/** The provider said no; `error` is its own code. */
class ErrorResponse extends OIDCError {}

/** Nothing came in time. */
class ErrorTimeout extends OIDCError {}

function toError({ message, data = { code: "internal" } }) {
  const type = data.error ? ErrorResponse : data.code === "timeout" ? ErrorTimeout : OIDCError;
  return new type(message, data);
}

function failure(code, message) {
  return toError({ message: `oidc: ${code}: ${message}`, data: { code } });
}

/** Somebody who is signed in. Times are seconds. */
class User {
  constructor(fields) {
    Object.assign(this, fields);
    this.scope ??= "";
    this.profile ??= {};
  }

  /** Seconds until the access token expires; undefined if nobody knows. */
  get expires_in() {
    return this.expires_at === undefined ? undefined : this.expires_at - Math.floor(Date.now() / 1000);
  }

  get expired() {
    const left = this.expires_in;
    return left === undefined ? undefined : left <= 0;
  }

  get scopes() {
    return this.scope.split(" ").filter(Boolean);
  }
}

// ---- the worker ----

/** A string that the page's Trusted Types policy lets through. */
function scriptURL(url) {
  try {
    policy ??= globalThis.trustedTypes?.createPolicy("oidcspa", { createScriptURL: (own) => own }) ?? null;
  } catch {
    policy = null;
  }
  return policy ? policy.createScriptURL(url) : url;
}

let policy;

/** Dedicated workers of this page, by URL: one is enough. */
const dedicated = new Map();

/**
 * The places where the program can run. Each returns a port to it, and a
 * promise that rejects if the script cannot be started there.
 */
const HOSTS = {
  shared(url) {
    const worker = new SharedWorker(scriptURL(url), { type: "module", name: "oidcspa", extendedLifetime: true });
    return { port: worker.port, failed: firstError(worker) };
  },
  dedicated(url) {
    const worker = dedicated.get(url) ?? new Worker(scriptURL(url), { type: "module", name: "oidcspa" });
    dedicated.set(url, worker);
    const { port1, port2 } = new MessageChannel();
    worker.postMessage(null, [port2]);
    const failed = firstError(worker);
    failed.catch(() => dedicated.delete(url));
    return { port: port1, failed };
  },
  page(url) {
    const { port1, port2 } = new MessageChannel();
    const failed = import(url).then((host) => {
      host.connect(port2);
      return new Promise(() => {});
    });
    return { port: port1, failed };
  },
};

function firstError(worker) {
  return new Promise((_, reject) => {
    worker.addEventListener("error", (event) => {
      event.preventDefault?.();
      reject(event);
    }, { once: true });
  });
}

/** Connects to the program on the first host that works. */
async function connect(settings, serve) {
  const url = new URL(WORKER_FILE, new URL(settings.assets ?? "./", SCRIPT_URL)).href;
  const hosts = settings.host ? [settings.host] : ["shared", "dedicated", "page"];
  for (const host of hosts) {
    if (!Object.hasOwn(HOSTS, host)) throw failure("invalid_config", "host is none of shared, dedicated, page");
    try {
      const { port, failed } = HOSTS[host](url);
      const connection = new Connection(port, serve);
      await Promise.race([connection.hello, failed, after(HELLO_TIMEOUT)]);
      failed.catch(() => connection.stop(failure("runtime_stopped", "the worker failed")));
      return connection;
    } catch {
      // the next host
    }
  }
  throw failure("worker_not_found", `${url} does not start: it has to be served from the page's own origin, and the page's Content-Security-Policy has to allow it in worker-src`);
}

function after(milliseconds) {
  return new Promise((_, reject) => setTimeout(reject, milliseconds));
}

/** The lock that this page holds for as long as it lives; the program waits for it. */
const PAGE_LOCK = `oidcspa.page.${Math.random()}`;
const alive = new Promise((resolve) => {
  if (!navigator.locks) resolve("");
  navigator.locks?.request(PAGE_LOCK, () => {
    resolve(PAGE_LOCK);
    return new Promise(() => {});
  });
});

/** JSON-RPC 2.0 over a port, both ways. */
class Connection {
  #port;
  #ended = new AbortController();
  #serve;
  #pending = new Map();
  #lastID = 0;
  /** @type {OIDCError | null} */
  stopped = null;

  constructor(port, serve) {
    this.#port = port;
    this.#serve = serve;
    this.hello = new Promise((resolve, reject) => {
      port.addEventListener("message", ({ data }) => this.#receive(JSON.parse(data), resolve));
      port.addEventListener("close", () => {
        this.stop(failure("runtime_stopped", "the worker is gone"));
        reject(this.stopped);
      });
    });
    this.hello.catch(() => {});
    port.start();
  }

  call(method, params = {}) {
    if (this.stopped) return Promise.reject(this.stopped);
    const id = ++this.#lastID;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  notify(method, params = {}) {
    this.#send({ method, params });
  }

  stop(reason) {
    this.stopped ??= reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
    this.#port.close();
    this.#ended.abort();
  }

  #send(message) {
    this.#port.postMessage(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  /** Notices when the host that holds a lock is gone, however it ended. */
  async #watch(lock) {
    if (!lock) return;
    try {
      await navigator.locks.request(lock, { mode: "shared", signal: this.#ended.signal }, () => {});
      this.stop(failure("runtime_stopped", "the worker is gone"));
    } catch {
      // the connection ended first
    }
  }

  async #receive({ id, method, params, result, error }, hello) {
    if (!method) {
      const call = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) call?.reject(toError(error));
      else call?.resolve(result);
    } else if (method === "hello") {
      hello();
      this.#watch(params.lock);
    } else if (method === "stopped") {
      this.stop(failure(params.code, params.message));
      hello();
    } else if (id === undefined) {
      this.#serve(method, params);
    } else {
      try {
        this.#send({ id, result: (await this.#serve(method, params)) ?? null });
      } catch (reason) {
        this.#send({ id, error: { code: -32000, message: "page", data: { code: reason?.code ?? "internal" } } });
      }
    }
  }
}

// ---- what only a page can do ----

const SERVICES = {
  navigate({ url }) {
    location.assign(url);
  },

  /** Visits url in a hidden frame until the callback page comes up in it. */
  frame({ url, timeout }) {
    return new Promise((resolve, reject) => {
      const frame = document.createElement("iframe");
      let grace;
      const end = (settle, value) => {
        clearTimeout(grace);
        clearTimeout(limit);
        removeEventListener("message", onMessage);
        frame.remove();
        settle(value);
      };
      const onMessage = ({ origin, source, data }) => {
        if (origin !== location.origin || source !== frame.contentWindow) return;
        if (data?.source === "oidc-client" && typeof data.url === "string") end(resolve, { url: data.url });
      };
      const limit = setTimeout(() => end(reject, { code: "timeout" }), timeout);
      addEventListener("message", onMessage);
      frame.addEventListener("load", () => {
        clearTimeout(grace);
        grace = setTimeout(() => end(reject, { code: "frame_no_response" }), FRAME_GRACE);
      });
      frame.hidden = true;
      frame.title = "sign-in";
      frame.src = url;
      (document.body ?? document.documentElement).append(frame);
    });
  },

  "transactions.put"({ state, ...transaction }) {
    try {
      dropExpired();
      sessionStorage.setItem(`oidcspa.${state}`, JSON.stringify(transaction));
    } catch {
      throw { code: "storage_unavailable" };
    }
  },

  "transactions.take"({ state }) {
    const transaction = readTransaction(`oidcspa.${state}`);
    sessionStorage.removeItem(`oidcspa.${state}`);
    return { record: transaction?.record ?? null };
  },
};

function readTransaction(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** Removes what sign-ins that were given up have left. */
function dropExpired() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith("oidcspa.") && !(readTransaction(key)?.expires_at > Date.now() / 1000)) {
      sessionStorage.removeItem(key);
    }
  }
}

/** Takes the provider's response out of the address bar, and returns it. */
function takeResponse() {
  const { href } = location;
  const url = new URL(href);
  const fragment = new URLSearchParams(url.hash.replace(/^#([^?]*\?)?/, ""));
  for (const name of RESPONSE_PARAMETERS) url.searchParams.delete(name);
  if (RESPONSE_PARAMETERS.some((name) => fragment.has(name))) url.hash = url.hash.match(/^#[^?]*(?=\?)/)?.[0] ?? "";
  if (url.href !== href) history.replaceState(history.state, "", url);
  return href;
}

/** In the hidden frame of another page: that page gets the response. */
function handToParent(url) {
  if (window.parent === window) return false;
  const parameters = new URLSearchParams(new URL(url).search || new URL(url).hash.slice(1));
  if (!parameters.has("state") || sessionStorage.getItem(`oidcspa.${parameters.get("state")}`)) return false;
  window.parent.postMessage({ source: "oidc-client", url, keepOpen: false }, location.origin);
  return true;
}

// ---- the API ----

/** The events of a UserManager. */
class UserManagerEvents {
  #callbacks = new Map();

  addUserLoaded(callback) { return this.#add("userLoaded", callback); }
  removeUserLoaded(callback) { this.#remove("userLoaded", callback); }
  addUserUnloaded(callback) { return this.#add("userUnloaded", callback); }
  removeUserUnloaded(callback) { this.#remove("userUnloaded", callback); }
  addAccessTokenExpiring(callback) { return this.#add("accessTokenExpiring", callback); }
  removeAccessTokenExpiring(callback) { this.#remove("accessTokenExpiring", callback); }
  addAccessTokenExpired(callback) { return this.#add("accessTokenExpired", callback); }
  removeAccessTokenExpired(callback) { this.#remove("accessTokenExpired", callback); }
  addSilentRenewError(callback) { return this.#add("silentRenewError", callback); }
  removeSilentRenewError(callback) { this.#remove("silentRenewError", callback); }

  #add(name, callback) {
    this.#callbacks.set(name, [...(this.#callbacks.get(name) ?? []), callback]);
    return () => this.#remove(name, callback);
  }

  #remove(name, callback) {
    this.#callbacks.set(name, (this.#callbacks.get(name) ?? []).filter((other) => other !== callback));
  }

  /** A callback that throws does not keep the others from hearing it. */
  _raise(name, ...args) {
    for (const callback of this.#callbacks.get(name) ?? []) {
      try {
        callback(...args);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

/** Signs in, keeps the session, signs out. See oidcspa.d.ts. */
class UserManager {
  #connection = null;
  #callback = null;
  #hintKey;

  constructor(settings) {
    this.settings = { ...settings };
    this.events = new UserManagerEvents();
    this.#hintKey = `oidcspa.session:${settings?.authority}:${settings?.client_id}`;
    addEventListener("storage", (event) => this.#onStorage(event));
    addEventListener("pagehide", (event) => {
      if (!event.persisted) this.#connection?.then((c) => c.notify("close"), () => {});
    });
  }

  async getUser() {
    // Who never signed in does not pay for the worker.
    if (!this.#connection && !this.#signedIn()) return null;
    return toUser(await this.#call("getUser"));
  }

  async signinRedirect(args = {}) {
    await this.#call("signinRedirect", { ...args, return_to: args.return_to ?? location.href });
    await shownAgain();
  }

  signinCallback(url) {
    if (url !== undefined) return this.#signinCallback(url);
    // Frameworks run effects twice: the second gets the result of the first.
    this.#callback ??= this.#signinCallback(takeResponse()).finally(() => { this.#callback = null; });
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

  async signoutRedirect(args = {}) {
    await this.#call("signoutRedirect", args);
    await shownAgain();
  }

  async signoutCallback(url = takeResponse()) {
    if (!new URL(url).search) return {};
    const { state } = await this.#call("signoutCallback", { url });
    return state === null ? {} : { state };
  }

  /** How the program is doing. */
  stats() {
    return this.#call("stats");
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
    const { host, assets, ...settings } = this.settings;
    const connection = await connect({ host, assets }, (method, params) => this.#serve(method, params));
    await connection.call("open", { version: VERSION, signed_in: this.#signedIn(), lock: await alive, settings });
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
        await this.#call("removeUser");
      } else if (signedIn && !this.#connection) {
        const user = await this.getUser();
        if (user) this.events._raise("userLoaded", user);
      }
    } catch (error) {
      this.events._raise("silentRenewError", error);
    }
  }
}

function toUser(fields) {
  return fields ? new User(fields) : null;
}

/** Resolves when the page comes back from the back/forward cache. */
function shownAgain() {
  return new Promise((resolve) => addEventListener("pageshow", resolve, { once: true }));
}

export { ErrorResponse, ErrorTimeout, OIDCError, User, UserManager };
