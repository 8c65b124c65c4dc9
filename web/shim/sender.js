// @ts-check
// How the program speaks to its keeper in a dedicated worker of Chromium, where workers
// have no service workers: through a worker that it starts at an address which only the
// keeper answers. Its requests do not pass the keeper, and nothing else gets that script.

/** How long the keeper may take to answer, in milliseconds. */
const TIMEOUT = 2_000;

/** How long the page may take to register it, and how often that is looked for, in milliseconds. */
const REGISTRATION_TIMEOUT = 10_000, INTERVAL = 50;

/** Whether this is such a worker. */
export const sends = Boolean(globalThis.DedicatedWorkerGlobalScope && globalThis.Worker && !navigator.serviceWorker && navigator.locks);

/** What has the keeper of one scope take messages. */
export class Sender {
  #scope;
  /** @type {Worker | null} */
  #worker = null;

  constructor(scope) {
    this.#scope = scope;
  }

  /**
   * Whether the keeper is there and has kept what it was given: it holds a lock for as long. (To ask which locks are
   * held ends the pages in the back/forward cache that hold some, with the code that the browser has compiled for them.)
   */
  #isThere() {
    return navigator.locks.request(`oidcspa.keeper ${this.#scope}`, { mode: "shared", ifAvailable: true }, (lock) => !lock);
  }

  /**
   * Resolves to its answer, to null without any. A keeper that has slept knows nobody, and is asked anew. What is
   * said is made when it goes, as others tell something meanwhile.
   */
  async ask(make) {
    for (let times = 0; times < 2 && await this.#isThere(); times++) {
      const answer = await this.#send(make());
      if (answer !== null) return answer;
      this.end();
    }
    return null;
  }

  #send(message) {
    const worker = this.#worker ??= new Worker(this.#scope), { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve(null);
      };
      setTimeout(resolve, TIMEOUT, null);
      worker.postMessage(message, [port2]);
    });
  }

  /** Tells the keeper something at once, if it has been told anything. */
  tell(message) {
    this.#worker?.postMessage(message);
  }

  /** Waits until it is there, for as long as it is wanted. */
  async wait(isWanted) {
    const end = performance.now() + REGISTRATION_TIMEOUT;
    while (isWanted() && performance.now() < end && !await this.#isThere()) await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }

  end() {
    this.#worker?.terminate();
    this.#worker = null;
  }
}
