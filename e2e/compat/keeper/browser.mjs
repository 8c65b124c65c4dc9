// What of a browser the keeper and its programs meet: a clock, messages, service workers,
// locks and channels. All that takes time is an event that waits until it is chosen.
import { readFileSync } from "node:fs";

/** The folder with keeper.js and worker.bundle.js. */
const FOLDER = process.argv[2];
const KEEPER = readFileSync(`${FOLDER}/keeper.js`, "utf8");

export const ORIGIN = "https://app.example";
export const PROGRAM = `${ORIGIN}/worker.js`;

/** Resolves when nothing is left to do but what waits for an event. */
export const rest = () => new Promise((resolve) => { setImmediate(resolve); });

const compiled = new Map();

/** Runs source with some globals, and returns what it calls by some names. */
export function script(source, globals, names = []) {
  if (!compiled.has(source)) compiled.set(source, new Function(...Object.keys(globals), `${source}\nreturn { ${names.join(", ")} };`));
  return compiled.get(source)(...Object.values(globals));
}

export class Browser {
  now = 1_800_000_000_000;
  /** What may happen next, of each channel the first. @type {{channel: string, run: () => void}[]} */
  events = [];
  /** Of whom nothing happens for now. */
  slow = new Set();
  timers = [];
  clients = new Map();
  /** The service workers that are registered, by scope. */
  registrations = new Map();
  locks = [];
  channels = [];
  trace = [];
  #last = 0;

  /** Puts off what takes time; what is of one channel stays in order. */
  later(channel, run) {
    this.events.push({ channel, run });
  }

  say(text) {
    this.trace.push(text);
  }

  id(of) {
    return `${of}${++this.#last}`;
  }

  /** What can happen next. */
  get choices() {
    return this.events.filter(({ channel }, i) => !this.slow.has(channel.split(" ").at(-1)) && this.events.findIndex((other) => other.channel === channel) === i);
  }

  async happens(event) {
    this.events.splice(this.events.indexOf(event), 1);
    event.run();
    await rest();
  }

  /** Lets all happen that waits, in the order in which it came, but no time pass. */
  async settle() {
    await rest();
    for (let next; ([next] = this.choices, next);) await this.happens(next);
  }

  /** Lets time pass, and all happen that comes of it. */
  async pass(ms) {
    const end = this.now + ms;
    await this.settle();
    for (let next; (next = this.nextTimer(end)); await this.settle()) this.fire(next);
    this.now = end;
  }

  nextTimer(end = Infinity) {
    return this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }

  fire(timer) {
    this.timers.splice(this.timers.indexOf(timer), 1);
    this.now = Math.max(this.now, timer.at);
    timer.run();
  }

  /** The globals of a realm that are about time. lives says whether it still runs. */
  clock(lives) {
    const began = this.now;
    return {
      Date: Object.assign(class extends Date {}, { now: () => this.now }),
      performance: { now: () => this.now - began, getEntriesByName: () => [] },
      setTimeout: (run, ms = 0, ...args) => {
        this.timers.push({ at: this.now + ms, run: () => lives() && run(...args) });
      },
    };
  }

  /** BroadcastChannel for one realm. */
  broadcast(lives) {
    const browser = this;
    return class {
      constructor(name) {
        Object.assign(this, { name, lives });
        browser.channels.push(this);
      }

      postMessage(data) {
        for (const other of browser.channels) {
          if (other !== this && other.name === this.name) browser.later(browser.id("broadcast"), () => other.lives() && other.onmessage?.({ data }));
        }
      }
    };
  }

  /** navigator.locks for one realm: of each name there is one. */
  lockManager(lives) {
    return {
      request: async (name, ...rest) => {
        const run = rest.at(-1), [{ ifAvailable = false }] = rest;
        if (ifAvailable && this.holds(name)) return run(null);
        const lock = { name, lives };
        this.locks.push(lock);
        const result = await run(lock);
        this.locks.splice(this.locks.indexOf(lock), 1);
        return result;
      },
      query: async () => ({ held: this.locks.filter((lock) => lock.lives()).map(({ name }) => ({ name })) }),
    };
  }

  holds(name) {
    return this.locks.some((lock) => lock.name === name && lock.lives());
  }

  /** A client that service workers know: a worker of the program's, unless something else is said. */
  client(id, what = {}) {
    const client = { id, type: "worker", url: PROGRAM, alive: true, ...what };
    this.clients.set(id, client);
    return client;
  }
}

/** A service worker of keeper.js, as long as the browser lets it run. */
export class Keeper {
  ended = false;
  unregistered = false;
  /** How much keeps the browser from ending it. */
  waits = 0;
  answers = 0;
  #on = {};

  /** gone says what becomes of its registration. */
  constructor(browser, { scope = PROGRAM, gone = () => {}, source = KEEPER } = {}) {
    Object.assign(this, { browser, scope });
    const lives = () => !this.ended;
    const { Date, setTimeout } = browser.clock(lives);
    this.inside = script(source, {
      registration: { scope, unregister: async () => { this.unregistered = true; gone(); return true; } },
      clients: { get: (id) => new Promise((resolve) => this.#look(id, resolve)) },
      navigator: { locks: browser.lockManager(lives) },
      addEventListener: (name, run) => { this.#on[name] = run; },
      crypto: { randomUUID: () => browser.id("word ") },
      BroadcastChannel: browser.broadcast(lives),
      Date,
      setTimeout,
    }, ["records", "left", "senders"]);
  }

  /** What the browser says of a client is so when it is asked, or when it answers. */
  #look(id, resolve) {
    const client = this.browser.clients.get(id), { alive = false } = client ?? {};
    this.browser.later(this.browser.id("look"), async () => {
      const changed = alive && !client.alive;
      const still = changed ? await this.browser.choose?.(2) === 1 : client?.alive;
      resolve(still ? client : undefined);
    });
  }

  get answersRequests() {
    return "fetch" in this.#on;
  }

  #waitUntil = (promise) => {
    this.waits++;
    promise.then(() => this.waits--, () => this.waits--);
  };

  /** A message arrives; answer gets what it says to that. */
  hear(source, data, answer = () => {}) {
    if (this.ended) return;
    this.#on.message({ source, data, ports: [{ postMessage: (said) => !this.ended && answer(said) }], waitUntil: this.#waitUntil });
  }

  /** Resolves to what it answers a client, and to undefined if it says nothing. */
  async ask(source, data = { build: "one" }) {
    let said;
    this.hear(source, data, (answer) => { said = answer; });
    await this.browser.settle();
    return said;
  }

  /** Resolves to the text of what it answers a request, to null if that is an error, or if it leaves the request to the network. */
  respond(request, clientId = "") {
    let response;
    this.#on.fetch?.({ request, clientId, waitUntil: this.#waitUntil, respondWith: (promise) => { response = promise; } });
    return Promise.resolve(response).then((found) => (!found || found.type === "error" ? null : (this.headers = found.headers, found.text())), () => null);
  }

  async fetch(request, clientId) {
    const text = this.respond(request, clientId);
    await this.browser.settle();
    return text;
  }

  /** The browser ends it. */
  end() {
    this.ended = true;
  }
}
