// @ts-check
// The connection to the program: JSON-RPC 2.0 over a port, both ways, for as
// long as both ends live.

import { failure, toError } from "./errors.js";

/** The lock that this page holds for as long as it lives; the program waits for it. */
const PAGE_LOCK = `oidcspa.page.${Math.random()}`;
export const pageLock = new Promise((resolve) => {
  if (!navigator.locks) resolve("");
  navigator.locks?.request(PAGE_LOCK, () => {
    resolve(PAGE_LOCK);
    return new Promise(() => {});
  });
});

/** One page's end of a connection. */
export class Connection {
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
