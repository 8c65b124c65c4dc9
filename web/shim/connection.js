// @ts-check
// The connection to the program: JSON-RPC 2.0 over a port, both ways, for as
// long as both ends live.

import { failure, toError } from "./errors.js";
import { own } from "./own.js";
import { trace } from "./trace.js";

const PAGE_LOCK = `oidcspa.page.${Math.random()}`;
let lock;

/**
 * The lock that this page holds from its first connection until it ends; the program waits for it.
 * WebKit takes it from a page that goes to the back/forward cache: the next connection has it anew.
 */
export function pageLock() {
  return (lock ??= new Promise((resolve) => {
    if (!navigator.locks) resolve("");
    navigator.locks?.request(PAGE_LOCK, () => {
      resolve(PAGE_LOCK);
      return new Promise(() => {});
    }).catch(() => {
      resolve(""); // there was none
      lock = undefined;
    });
  }));
}

/**
 * How long a host may take to answer when its lock is free, in milliseconds, and while something is under way there: in
 * WebKit one that stands still for a moment has lost its lock, and what it goes on with would be done twice. Another
 * keeps its lock, and stands still for good.
 */
const PATIENCE = 1_000, PATIENCE_UNDER_WAY = 5_000;

/** After how long a program counts as running that says nothing of it, in milliseconds. */
const LONGEST_START = 180_000;

/** What the program tells; it may send others, which are to be ignored (JSON-RPC 4.1). */
const NOTIFICATIONS = ["event", "hint", "told"];

/** The codes of what the program could not read (JSON-RPC 5.1). It finds the id at the beginning, where #send writes it. */
const UNREADABLE = [-32700, -32600];

/** One page's end of a connection. */
export class Connection {
  #port;
  #ended = new AbortController();
  #serve;
  #pending = new Map();
  #lastID = 0;
  #runs = false;
  #urging = false;
  /** @type {import("./errors.js").OIDCError | null} */
  stopped = null;
  lost = false;
  /** The worker of a program that serves other pages, too. */
  shared = null;
  /** Settles when it is known whether the host lives, for who is about to call. */
  sure;

  constructor(port, serve) {
    this.#port = port;
    this.#serve = serve;
    /** Resolves to the reason when the connection has ended. */
    this.gone = new Promise((resolve) => {
      this.#ended.signal.addEventListener("abort", () => resolve(this.stopped));
    });
    this.hello = new Promise((resolve, reject) => {
      port.addEventListener("message", ({ data }) => this.#receive(own(JSON.parse(data)), resolve));
      port.addEventListener("close", () => {
        this.lose();
        reject(this.stopped);
      });
    });
    this.hello.catch(() => {});
    port.start();
  }

  call(method, params) {
    const answer = this.#ask(method, params);
    trace.call?.(method, answer);
    return answer;
  }

  #ask(method, params = {}) {
    if (this.stopped) return Promise.reject(this.stopped);
    const id = ++this.#lastID;
    try {
      this.#send({ id, method, params });
    } catch {
      return Promise.reject(failure("invalid_argument", "the arguments are no JSON"));
    }
    this.#urge();
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** Hands a port over, with what goes with it; returns the number by which a call names it. */
  handOver(port, body) {
    const channel = ++this.#lastID;
    this.#port.postMessage({ channel, body }, [port]);
    return channel;
  }

  /** Aborted when the connection has ended; stopped says why. */
  get ended() {
    return this.#ended.signal;
  }

  notify(method, params = {}) {
    this.#send({ method, params });
  }

  /** Ends the connection to a host that is gone, or as good as gone. */
  lose() {
    this.lost = true;
    this.stop(failure("runtime_stopped", "the worker is gone"));
  }

  stop(reason) {
    this.stopped ??= reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
    this.#port.close();
    this.#ended.abort();
    this.#serve = own; // does nothing, and holds nobody: the browser may keep all this for as long as the worker runs
  }

  #send(message) {
    this.#port.postMessage(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  /**
   * Notices when the host that holds a lock is gone, however it ended. A host
   * that answers has lost its lock alone, and is asked from then on.
   */
  async #watch(lock) {
    if (!lock) return;
    try {
      await navigator.locks.request(lock, { __proto__: null, mode: "shared", signal: this.#ended.signal }, () => {});
    } catch {
      return; // the connection ended first
    }
    this.sure = this.#answers(this.#pending.size ? PATIENCE_UNDER_WAY : PATIENCE);
    if (await this.sure) setTimeout(() => this.#watch(lock), PATIENCE);
    else this.lose();
  }

  #begin() {
    this.#runs = true;
    this.#urge();
  }

  /** Notices that the host stands still while something is under way there. */
  async #urge() {
    if (this.#urging || !this.#runs) return;
    this.#urging = true;
    do await pause(PATIENCE_UNDER_WAY);
    while (this.#pending.size && await this.#answers(2 * PATIENCE_UNDER_WAY));
    this.#urging = false;
    if (this.#pending.size) this.lose();
  }

  /** Whether the host answers within so many milliseconds; a page that sleeps meanwhile has some time to hear of it. */
  #answers(patience) {
    const answered = this.#ask("ping").then(() => true, () => true);
    return Promise.race([answered, pause(patience / 2).then(() => pause(patience / 2))]);
  }

  async #receive({ id, method, params: given, result, error }, hello) {
    const params = own(given);
    if (!method) {
      const call = this.#pending.get(id);
      this.#pending.delete(id);
      if (UNREADABLE.includes(error?.code)) call?.reject(failure("invalid_argument", "the arguments are too long or nested too deeply"));
      else if (error) call?.reject(toError(error));
      else call?.resolve(result);
    } else if (method === "hello") {
      hello();
      this.#watch(params.lock);
      setTimeout(() => this.#begin(), LONGEST_START);
    } else if (method === "runs") {
      this.#begin();
    } else if (method === "stopped") {
      this.stop(failure(params.code, params.message));
      hello();
    } else if (id === undefined) {
      if (params.name) trace.event?.(params.name);
      if (NOTIFICATIONS.includes(method)) this.#serve(method, params, this.shared);
    } else {
      try {
        this.#send({ id, result: (await this.#serve(method, params, this.shared)) ?? null });
      } catch (reason) {
        this.#send({ id, error: { code: -32000, message: "page", data: { code: own(reason).code ?? "internal" } } });
      }
    }
  }
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
