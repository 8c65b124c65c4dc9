// What a script in a page of the app's origin can do to the program without
// the client: connections that it makes by hand.

const { files } = await (await fetch("/manifest.json")).json();
const { host, assets, ...settings } = await (await fetch("/config.json")).json();

const SCRIPT = `/${files["worker.js"].name}`;

/** Answers of the page to what the program asks of it; undefined is none. */
globalThis.silent = () => undefined;
globalThis.refusing = () => ({ error: { code: -32601, message: "unknown method" } });
globalThis.lying = (method) => (method === "ping" ? refusing() : { result: { url: `${location.origin}/callback.html?code=forged&state=forged`, record: "{}", headers: {} } });

/** Holds a lock for as long as this page lives. */
globalThis.holdLock = () => new Promise((resolve) => {
  const name = `oidcspa.page.${Math.random()}`;
  navigator.locks.request(name, () => {
    resolve(name);
    return new Promise(() => {});
  });
});

/** A port to the shared worker. */
globalThis.portTo = (options = {}) => new SharedWorker(SCRIPT, { type: "module", name: "oidcspa.1", extendedLifetime: true, ...options }).port;

/** A connection that is not open. */
class Hand {
  #pending = new Map();
  #last = 0;
  #waiting = new Map();
  asked = []; // what the program asked this page for

  constructor(port, serve, lock) {
    Object.assign(this, { port, serve, lock });
    this.hello = new Promise((resolve) => {
      port.onmessage = ({ data }) => this.#receive(JSON.parse(data), resolve);
    });
  }

  async #receive({ id, method, params, result, error }, hello) {
    if (method === "hello") return hello();
    if (!method) {
      const call = this.#pending.get(id);
      this.#pending.delete(id);
      return error ? call?.reject(error) : call?.resolve(result);
    }
    if (id === undefined) return undefined;
    this.asked.push(method);
    this.#waiting.get(method)?.();
    const answer = await this.serve(method, params);
    if (answer) this.send({ id, ...answer });
    return undefined;
  }

  send(message) {
    this.port.postMessage(typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  call(method, params = {}) {
    const id = ++this.#last;
    this.send({ id, method, params });
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** The code of the error of a call, empty if it succeeds. */
  codeOf(method, params) {
    return this.call(method, params).then(() => "", (error) => error.data?.code ?? String(error.code));
  }

  open(other = {}, more = {}) {
    return this.call("open", { version: 1, signed_in: true, lock: this.lock, peers: [], settings: { ...settings, ...other }, ...more });
  }

  /** Resolves when the program has asked this page for a service. */
  until(method) {
    if (this.asked.includes(method)) return Promise.resolve(true);
    return new Promise((resolve) => this.#waiting.set(method, () => resolve(true)));
  }

  /** Sends a request with the token, to an address that no Request has tidied up. */
  fetch(url) {
    const { port1, port2 } = new MessageChannel();
    const channel = ++this.#last;
    this.port.postMessage({ channel, body: null }, [port2]);
    port1.start();
    return this.codeOf("fetch", {
      channel, url, method: "GET", headers: {}, mode: "cors", credentials: "same-origin", redirect: "follow", cache: "default",
      integrity: "", streamed: false, return_to: location.href,
    });
  }
}

/** Makes a connection by hand. */
globalThis.hand = async ({ serve = refusing, lock = "", worker = {} } = {}) => {
  const made = new Hand(portTo(worker), serve, lock);
  await made.hello;
  return made;
};

globalThis.settings = settings;
globalThis.workerScript = SCRIPT;
globalThis.ready = true;
