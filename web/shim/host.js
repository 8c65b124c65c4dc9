// @ts-check
// Where the program runs, and how to get a connection to it.

import { failure } from "./errors.js";
import { Connection, pageLock, pause } from "./connection.js";
import { onDemand, SCRIPT_URL } from "./demand.js";
import { allPeers } from "./peers.js";

const WORKER_FILE = "worker.js";

/** The number of the contract with the program; see wasm/api. */
const VERSION = 1;

/**
 * The worker's name: where files carry no hash, a page of another contract
 * gets a worker of its own, beside that of older pages.
 */
const WORKER_NAME = `oidcspa.${VERSION}`;

/**
 * How long a worker may say nothing before its locks are counted, in milliseconds, and after how many such silences it is
 * given up. Two locks: Go starts there, and keeps the thread. One: it stands still, as WebKit may have it for good; STILL
 * in a row are enough. None: its script is not there yet, or it has closed itself. In Firefox such a one takes
 * connections, and the next gets a new worker, most often: it is asked anew, up to ANEW times.
 */
const SILENCE = 500, SILENCES = 10, STILL = 3, ANEW = 3;

/** A string that the page's Trusted Types policy lets through. */
export function scriptURL(url) {
  try {
    policy ??= trustedTypes.createPolicy("oidcspa", { __proto__: null, createScriptURL: String });
  } catch {
    // there are none, or the page's policy does not allow this one
  }
  return policy?.createScriptURL(url) ?? url;
}

let policy;

/** Dedicated workers of this page, by URL: one is enough. */
const dedicated = new Map();

/**
 * The places where the program can run. Each returns a port to it, and a
 * promise that rejects if the script cannot be started there; and what ends a host
 * that stands still, if that can be done.
 */
const HOSTS = {
  shared(url, end) {
    /** @type {WorkerOptions & {extendedLifetime: boolean}} */
    const options = { __proto__: null, type: "module", name: WORKER_NAME + end, extendedLifetime: true };
    const worker = new SharedWorker(scriptURL(url), options);
    return { port: worker.port, failed: firstError(worker) };
  },
  dedicated(url) {
    const worker = dedicated.get(url) ?? new Worker(scriptURL(url), { __proto__: null, type: "module", name: WORKER_NAME });
    dedicated.set(url, worker);
    const { port1, port2 } = new MessageChannel();
    worker.postMessage(null, [port2]);
    const failed = firstError(worker);
    const forget = () => dedicated.get(url) === worker && dedicated.delete(url);
    failed.catch(forget);
    return { port: port1, failed, end: () => forget() && worker.terminate() };
  },
  page(url) {
    const { port1, port2 } = new MessageChannel();
    const failed = document && import(url).then((host) => {
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
    }, { __proto__: null, once: true });
  });
}

/**
 * Where the worker's script is. It has to hear where the wasm is if a bundler
 * has renamed the files: bundlers look for these very expressions. In a bundle
 * that is no module SCRIPT_URL is undefined.
 */
function workerURL(assets) {
  const unknown = !SCRIPT_URL || SCRIPT_URL.startsWith("file:"); // webpack has the address of the source
  if (assets || !SCRIPT_URL) return new URL(WORKER_FILE, new URL(assets ?? "", unknown ? location.href : SCRIPT_URL)).href;
  const { href, pathname } = new URL("./worker.js", import.meta.url);
  const renamed = !pathname.endsWith(`/${WORKER_FILE}`);
  return href + (renamed ? `#wasm=${encodeURIComponent(new URL("./oidcspa.wasm", import.meta.url).href)}` : "");
}

/** That address, which is of the page's own origin wherever it comes from. */
function ownURL(assets) {
  try {
    const url = workerURL(assets);
    if (new URL(url).origin === location.origin && !url.startsWith("file:")) return url; // no worker starts from there
  } catch {
    // no address, or one that nothing can be below
  }
  throw failure(assets ? "invalid_config" : "worker_not_found", "a file: page, or assets of another origin");
}

/** Whether a program runs that a page with these settings gets a connection to; anywhere: any of this origin. */
export function runs({ host = "shared", assets }, anywhere) {
  return locks(() => `oidcspa.host.${anywhere ? "" : `${host} ${ownURL(assets)} `}`);
}

/** How many locks are held with that in their names. */
async function locks(part) {
  try {
    const name = part();
    return (await navigator.locks.query()).held.filter((lock) => lock.name.includes(name)).length;
  } catch {
    return 0; // no locks, or no address: who calls for more than an answer hears of it
  }
}

/**
 * Connects to the program on the first host that works, and opens the
 * connection with params. They are under way while the host starts; with asks the
 * host may tell the user before the program runs. For what
 * does not start at once there is startAgain.
 */
export async function connect(settings, serve, params, asks) {
  const url = ownURL(settings.assets);
  const hosts = settings.host ? [settings.host] : ["shared", "dedicated", "page"];
  const start = (host, address, end = "") => startOn(host, address, end, serve, params, asks);
  let reason;
  for (const host of hosts) {
    try {
      return await start(host, url);
    } catch (error) {
      if (error?.code) throw error;
      if (reason = error) break;
    }
  }
  const { startAgain } = await onDemand("worker_not_found");
  return startAgain(url, hosts, start, reason);
}

/** Starts the program on a host. It rejects with the type of the event that says that the script does not run, or with "silent", or with "lost" if the program ends before it is open. */
async function startOn(host, url, end, serve, params, asks, silences = 0) {
  if (!Object.hasOwn(HOSTS, host)) throw failure("invalid_config", "host is unknown");
  let connection, opened;
  try {
    const { port, failed, end: endHost } = HOSTS[host](url, end);
    connection = new Connection(port, serve);
    connection.gone.then(() => connection.lost && endHost?.());
    if (host === "shared") connection.shared = { url, name: WORKER_NAME + end };
    if (asks) connection.notify("told", params);
    opened = open(connection, params);
    const begun = Promise.race([connection.hello, failed]);
    for (let still = 0; await Promise.race([begun, pause(SILENCE).then(() => host)]);) {
      const held = await locks(() => `${host} ${url} ${WORKER_NAME + end} `), anew = ++silences <= ANEW && !held;
      still = held === 1 ? still + 1 : 0;
      if (anew || still >= STILL || silences >= SILENCES) throw { type: "silent", anew };
    }
    failed.catch(() => connection.lose());
  } catch (error) {
    connection?.notify("close"); // it may hear of it yet
    connection?.stop(failure("worker_not_found", "silent"));
    if (error?.anew) return startOn(host, url, end, serve, params, asks, silences);
    throw error?.type;
  }
  const refusal = await opened;
  if (!refusal) return connection;
  connection.notify("close");
  connection.stop(refusal);
  throw connection.lost ? "lost" : refusal;
}

/** Resolves to what the program has against it. */
async function open(connection, params) {
  try {
    await connection.call("open", { version: VERSION, called: Date.now(), lock: await pageLock(), peers: allPeers(), ...params });
    return null;
  } catch (error) {
    return error;
  }
}
