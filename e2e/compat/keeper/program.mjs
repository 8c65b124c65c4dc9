// A dedicated worker with worker.js, whose program gives and takes what a test says, and its page.
import { readFileSync } from "node:fs";
import { Keeper, ORIGIN, PROGRAM, rest, script } from "./browser.mjs";

const [WORKER, KEEPING] = ["worker.js", "keeping.js"].map((name) => readFileSync(`${process.argv[2]}/${name}`, "utf8"));

/** A registration, and the service worker that runs, or is begun by what it hears. */
class Registration {
  installing = true;

  constructor(browser, scope, scriptURL) {
    Object.assign(this, { browser, scope, scriptURL });
    browser.registrations.set(scope, this);
    browser.later(browser.id("install"), () => { this.installing = false; });
  }

  get isThere() {
    return this.browser.registrations.get(this.scope) === this;
  }

  get keeper() {
    if (!this.running || this.running.ended) this.running = new Keeper(this.browser, { scope: this.scope, gone: () => this.unregister() });
    return this.running;
  }

  unregister() {
    if (!this.isThere) return false;
    this.browser.registrations.delete(this.scope);
    this.running?.end();
    return true;
  }
}

/** Ends the keepers that nothing keeps awake, or all of them. */
export function sleep(browser, all = true) {
  for (const { running } of browser.registrations.values()) {
    if (all || running?.waits === 0) running?.end();
  }
}

/** navigator.serviceWorker for one realm, which is client. */
function container(browser, client, lives) {
  const known = new Map();
  const seen = (registration) => {
    if (!registration) return undefined;
    if (!known.has(registration)) {
      const worker = {
        scriptURL: registration.scriptURL,
        postMessage: (message, [port] = []) => browser.later(`from ${client.id}`, () => {
          if (registration.isThere) registration.keeper.hear(client, message, (said) => port?.postMessage(said));
        }),
      };
      known.set(registration, {
        scope: registration.scope,
        waiting: null,
        get installing() { return registration.installing ? worker : null; },
        get active() { return registration.installing ? null : worker; },
        unregister: () => later(() => registration.unregister(), "jobs"),
      });
    }
    return known.get(registration);
  };
  const later = (run, queue = `service workers of ${client.id}`) => new Promise((resolve) => {
    browser.later(queue, () => {
      const found = run();
      if (lives()) resolve(found);
    });
  });
  const controller = browser.registrations.get(client.url); // of when it starts; "installing" has none
  return {
    controller: controller?.installing === false ? seen(controller).active : null,
    getRegistration: (url) => later(() => seen([...browser.registrations.values()].find(({ scope }) => url.startsWith(scope)))),
    getRegistrations: () => later(() => [...browser.registrations.values()].map(seen)),
    register: (url, { scope }) => later(() => seen(browser.registrations.get(scope) ?? new Registration(browser, scope, String(url))), "jobs"),
  };
}

/** MessageChannel for one realm: what comes to its ports is heard while it lives. */
function channel(browser, lives) {
  class Port {
    name = browser.id("port");
    listeners = new Set();

    postMessage(data, ports = []) {
      const { other } = this;
      browser.later(other.name, () => lives() && other.dispatchEvent({ data, ports }));
    }

    dispatchEvent(event) {
      this.onmessage?.(event);
      for (const listener of this.listeners) listener(event);
    }

    addEventListener(_, listener) { this.listeners.add(listener); }
    removeEventListener(_, listener) { this.listeners.delete(listener); }
    start() {}
    close() {}
  }
  return class {
    port1 = new Port();
    port2 = new Port();

    constructor() {
      [this.port1.other, this.port2.other] = [this.port2, this.port1];
    }
  };
}

/** Worker for one realm, which is client: the only ones that are begun are those of the keeper's. */
function nested(browser, client, parentLives) {
  return class {
    #lives = true;
    #begun = null;
    #queue = browser.id("nested");

    constructor(url) {
      const fetch = (_, { body }) => new Promise((resolve, reject) => {
        this.#ask({ destination: "", json: async () => JSON.parse(body) }, "", (text) => (text === null ? reject(new TypeError("no answer")) : resolve({ text: async () => text })));
      });
      this.registration = browser.registrations.get(url);
      browser.later(this.#queue, () => this.#ask({ destination: "worker" }, client.id, (text) => {
        if (text === null) return this.onerror?.({ preventDefault() {} });
        this.#begun = script(`let onmessage; ${text}`, { fetch, location: url }, ["onmessage"]).onmessage;
        for (const event of this.waiting.splice(0)) this.#begun(event);
      }));
    }

    waiting = [];

    #ask(request, from, answer) {
      const { registration } = this, id = browser.id("request");
      const heard = (text) => browser.later(id, () => this.lives() && answer(text));
      browser.later(id, () => (registration?.isThere ? registration.keeper.respond(request, from).then(heard) : heard(null)));
    }

    lives() {
      return this.#lives && parentLives();
    }

    postMessage(data, ports = []) {
      browser.later(this.#queue, () => {
        if (!this.lives()) return;
        if (this.#begun) this.#begun({ data, ports });
        else this.waiting.push({ data, ports });
      });
    }

    terminate() {
      this.#lives = false;
    }
  };
}

export class Program {
  /** What the program before has given; undefined until it runs. */
  taken;
  lives = true;
  given = [];

  /** chromium says that its workers have no service workers; build is the hash of the program. */
  constructor(browser, name, { chromium = false, build = "one", loads = 0 } = {}) {
    Object.assign(this, { browser, name });
    this.client = browser.client(name);
    const lives = () => this.lives, time = browser.clock(lives), MessageChannel = channel(browser, lives), program = this;
    this.realm = {
      WorkerGlobalScope: class {},
      DedicatedWorkerGlobalScope: class {},
      addEventListener() {},
      Go: class {
        async run() {
          program.host = program.realm["oidcspa.host"];
          program.taken = JSON.parse(program.host((port) => port)).taken;
          program.host((port) => port);
          await new Promise((resolve) => { program.ended = resolve; });
        }
      },
    };
    const locks = browser.lockManager(lives), serviceWorker = container(browser, this.client, lives);
    if (chromium) this.realm.Worker = nested(browser, this.client, lives);
    script(WORKER.replace('WASM_INTEGRITY = ""', `WASM_INTEGRITY = "${build}"`), {
      ...time,
      globalThis: this.realm,
      navigator: { onLine: true, locks, ...(!chromium && { serviceWorker }) },
      location: { href: PROGRAM, search: "" },
      BroadcastChannel: browser.broadcast(lives),
      MessageChannel,
      Worker: this.realm.Worker,
      WebAssembly: { instantiateStreaming: async () => ({ instance: {} }) },
      AbortSignal: { timeout() {} },
      fetch: () => new Promise((resolve) => {
        time.setTimeout(resolve, loads, { ok: true, url: "", headers: { get: () => "application/wasm" } });
      }),
    });
    const { keeper } = script(KEEPING, { ...time, navigator: { locks, serviceWorker: container(browser, { id: `page-of-${name}`, type: "window", url: `${ORIGIN}/` }, lives) } }, ["exported"]).exported;
    this.connect = () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => {
        const { method, params } = JSON.parse(data);
        if (method === "keeper") keeper(params);
        if (method === "stopped") this.stopped = params;
      };
      this.realm.onmessage({ ports: [port2] });
    };
    this.connect();
  }

  give(record) {
    this.given.push(record);
    this.host(record);
  }

  hasLost() {
    return this.host();
  }

  /** The program ends, and another begins in this worker. */
  async again() {
    this.taken = undefined;
    this.ended();
    await rest();
    this.connect();
  }

  /** The worker ends. */
  end() {
    this.lives = this.client.alive = false;
  }
}
