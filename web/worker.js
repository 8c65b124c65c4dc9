// @ts-check
// The host of the Go program. The build puts Go's wasm_exec.js in front of
// this file. It runs as the script of a SharedWorker, of a Worker, or as a
// module of the page; a connection is a MessagePort in all three.

import { Sender, sends } from "./shim/sender.js";
import { hold } from "./shim/told.js";

const WASM_FILE = "oidcspa.wasm";

/** The hash of that file, as in the manifest of the build. */
const WASM_INTEGRITY = "";

/** The service worker that keeps what the program has given; see keeper.js. */
const KEEPER_FILE = "keeper.js";

/** How long it may take to answer, in milliseconds: the session is restored without it then. */
const KEEPER_TIMEOUT = 2_000;

/** The pause before it is asked again, or the program compiled without its answer, and how long it is asked where the program is there before, in milliseconds. */
const KEEPER_PAUSE = 20, KEEPER_PATIENCE = 400;

/** How long the program may take to arrive, in milliseconds. */
const FETCH_TIMEOUT = 60_000;

/**
 * The first pause before the program is asked for again, in milliseconds, and
 * what none reaches. Each is half as long again: ten, 30 s in all.
 */
const FIRST_PAUSE = 265, NO_PAUSE = 10_200;

/** The name under which the program finds its host; see jsbridge.Serve. */
const HOST = "oidcspa.host";

/** The smallest module there is: what does not compile it compiles nothing. */
const EMPTY_MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

/** Where this runs, as the setting host names it. */
const WHERE = globalThis.SharedWorkerGlobalScope ? "shared" : globalThis.DedicatedWorkerGlobalScope ? "dedicated" : "page";

/**
 * Of a page from a scheme of an app's own, WebKit's shared workers have an opaque origin:
 * they get no locks, and providers hear from "null".
 */
const isOpaque = WHERE === "shared" && globalThis.origin === "null";

/** The address of this script. A worker knows it itself; Parcel takes import.meta.url away. */
const SELF = globalThis.WorkerGlobalScope ? location.href : import.meta.url;

/** What the names of its locks end with: pages find those of a host that all of them can connect to; see web/shim/host.js. */
const NAME = `${WHERE === "shared" ? `shared ${SELF} ${globalThis.name}` : ` ${SELF}`} ${Math.random()}`;

/** Held for as long as this host lives, so that pages notice its end. */
const alive = holdLock(`oidcspa.host.${NAME}`);

/** @type {Promise<(port: MessagePort) => void> | null} */
let program = null;

/** Where it is registered in Chromium, and what speaks with it there; see shim/sender.js. */
const KEEPER_QUERY = "?keeper", KEEPER_SCOPE = SELF + KEEPER_QUERY, sender = sends ? new Sender(KEEPER_SCOPE) : null;

/** Whether there can be a keeper: where a bundler has renamed the files nobody knows what it is called. */
const keeps = Boolean(globalThis.WorkerGlobalScope && (navigator.serviceWorker || sender) && !/[?#]/.test(SELF));

/** What the program has given last, for the next one. */
let record = "";

/** Whether the keeper has had anything of this program: else it is another's, and stays there. */
let owned = false;

/** Begins the names of the locks that programs hold that have something with the keeper, and that of this one. */
const KEPT = `oidcspa.kept ${SELF} `, KEPT_HERE = KEPT + Math.random();

/**
 * Gives that lock back.
 * @type {(() => void) | undefined}
 */
let letGo;

/**
 * Whether it has had that since the last sign-out, or the page was told to register it: one that has gone
 * since was sent away, by a person or by another build.
 */
let wasRegistered = false;

/**
 * The keeper, if it was there.
 * @type {ServiceWorker | null}
 */
let active = null;

/**
 * Settles when it has that record.
 * @type {Promise<void> | null}
 */
let giving = null;

/**
 * Settles with what an earlier program has given, while the program starts.
 * @type {Promise<string> | null}
 */
let taking = null;

/** Where the program runs, and when it got how far, in milliseconds since the epoch; see api.HostPhases. */
const phases = { host: WHERE, script: Date.now() };

/** @type {WeakRef<MessagePort>[]} */
let ports = [];

/**
 * The pages that have connected a moment ago and said nothing yet, with when they
 * came. Those of one tab could fill the program: beyond so many there is no more.
 * @type {Map<MessagePort, number>}
 */
const silent = new Map();
const SILENT_LIMIT = 200;

/** How long a page that says nothing counts, in milliseconds. */
const SILENCE = 10_000;

/**
 * Connects one page to the program, which is started if it does not run. The
 * page hears "hello" at once, with the lock that this host holds, "runs" once the program does, and "stopped" with the
 * reason if it cannot start, or when it ends. A reason without a code sends the page to another host.
 * @param {MessagePort} port
 */
export async function connect(port) {
  if (isOpaque) return refuse(port, failure("", "an opaque origin"));
  if (isCrowded(port)) return refuse(port, failure("runtime_stopped", "too many pages connect and say nothing"));
  const starting = program ??= start();
  if (keeps && taking) hold(port, taking);
  post(port, "hello", { lock: await alive });
  ports = ports.filter((ref) => ref.deref());
  ports.push(new WeakRef(port));
  starting.then((accept) => {
    post(port, "runs");
    accept(port);
  }, (error) => post(port, "stopped", error));
}

function refuse(port, reason) {
  post(port, "stopped", reason);
  port.close();
}

function isCrowded(port) {
  const now = performance.now();
  for (const [other, came] of silent) {
    if (now - came < SILENCE) break; // so are those that came later
    silent.delete(other);
  }
  if (silent.size >= SILENT_LIMIT) return true;
  silent.set(port, now);
  port.addEventListener("message", () => silent.delete(port), { once: true });
  return false;
}

/** Where the front-channel logout page tells its address: so many times within a second, and with so long ones. */
const logouts = new BroadcastChannel("oidcspa.frontchannel");
const LOGOUTS = 20;
const LOGOUT_LENGTH = 4_096;
let told = 0;
logouts.onmessage = async ({ data: url }) => {
  if (typeof url !== "string" || url.length > LOGOUT_LENGTH || told >= LOGOUTS) return;
  told++;
  setTimeout(() => { told--; }, 1_000);
  const accept = await program?.catch(() => null);
  if (!accept) return; // without a program nobody is signed in
  const { port1, port2 } = new MessageChannel();
  accept(port2);
  post(port1, "frontchannelLogout", { url });
  post(port1, "close");
  logouts.postMessage(true);
};

/** Resolves to the name of a lock that is held until a promise settles, or to null where the browser gives none. */
function holdLock(name, end = new Promise(() => {})) {
  return new Promise((resolve) => {
    if (!navigator.locks) resolve(null);
    navigator.locks?.request(name, () => {
      resolve(name);
      return end;
    }).catch(() => resolve(null)); // also if it is taken from a page that goes to the back/forward cache, in WebKit: who watches asks from then on
  });
}

/** Tells something; with an id, which the program has given to nothing, it is a service of the page's. */
function post(port, method, params = {}, id = undefined) {
  port.postMessage(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
}

function postAll(method, params, id = undefined) {
  for (const ref of ports) {
    const port = ref.deref();
    if (port) post(port, method, params, id);
  }
}

async function start() {
  let ready;
  // Go keeps the thread while main runs, for seconds on a slow device: pages that connect see by this lock that it starts.
  const starts = holdLock(`oidcspa.start.${NAME}`, new Promise((resolve) => { ready = resolve; }));
  try {
    const go = new globalThis.Go();
    let heard;
    const asked = new Promise((resolve) => { heard = resolve; }), loading = load(go.importObject, asked);
    const [instance, taken] = await Promise.all([loading, taking = take(loading, heard).finally(heard), starts]);
    /** @type {((port: MessagePort) => void) | undefined} */
    let accept;
    globalThis[HOST] = (given) => {
      if (typeof given === "string") return give(given);
      if (!given) return hasLost();
      accept = given;
      return JSON.stringify({ ...phases, main: Date.now(), keeps, taken });
    };
    // main has run up to the point where it waits when run returns.
    go.run(instance).finally(() => stopped(runtimeStopped()));
    if (!accept) {
      throw failure("wasm_invalid", "the program did not start: the worker script and the wasm are of different releases");
    }
    taking = null;
    return accept;
  } catch (error) {
    program = taking = null; // the next page tries again
    throw error.code ? error : failure("wasm_invalid", String(error.message));
  } finally {
    ready();
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The keeper of this build in a registration, if it is there. It hears messages from its first moment on. */
function keeperIn({ scope, active, waiting, installing } = {}) {
  const { href } = new URL(KEEPER_FILE, SELF);
  return scope === SELF ? [active, waiting, installing].find((worker) => worker?.scriptURL === href) : null;
}

/**
 * Resolves to what an earlier program has given that lives no more; to "" without any. One that
 * is about to end with its page has a moment. It calls heard at the first answer.
 */
async function take(loading, heard) {
  if (!keeps) return "";
  const since = performance.now();
  let loads = true;
  loading.catch(() => {}).then(() => { loads = false; });
  try {
    if (!sender) {
      const { controller } = navigator.serviceWorker;
      active = controller?.scriptURL === new URL(KEEPER_FILE, SELF).href ? controller : keeperIn(await navigator.serviceWorker.getRegistration(SELF));
    }
    for (;;) {
      const given = await (sender ? sender.ask(() => ({ build: WASM_INTEGRITY })) : active && askKeeper(active)) || "";
      heard();
      if (given !== "lives") {
        if (given) owns();
        wasRegistered = Boolean(given);
        return given;
      }
      if (sender) return ""; // in Chromium it is gone at once, or lives
      if (!loads && performance.now() - since > KEEPER_PATIENCE) return "";
      await pause(KEEPER_PAUSE);
    }
  } catch {
    return ""; // no service workers here
  }
}

/** Whether another program has what this one has given, which slept with its page; no keeper, no loss. */
async function hasLost() {
  const message = { build: WASM_INTEGRITY, lost: true };
  return await (sender?.ask(() => message) ?? (active && askKeeper(active, message))) === "lost";
}

/** Asks the keeper once. */
function askKeeper(keeper, message = { build: WASM_INTEGRITY }) {
  const { port1, port2 } = new MessageChannel();
  keeper.postMessage(message, [port2]);
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, KEEPER_TIMEOUT, "");
  });
}

/** Takes what the program gives for the next one, at once, as this worker may end; "" has the keeper forget all, and go. */
function give(given) {
  record = given;
  if (given) owns();
  else letGo = letGo?.();
  tell();
  giving ??= settle().catch(() => {}).finally(() => { giving = null; }); // no service workers here, or no room
}

/** The keeper has something of this program, which says so until it signs out. */
function owns() {
  owned = true;
  if (!letGo) holdLock(KEPT_HERE, new Promise((resolve) => { letGo = resolve; }));
}

/** Whether the keeper may go: no other program has something there. */
async function isLast() {
  const { held = [] } = await navigator.locks?.query() ?? {};
  return owned && !held.some(({ name }) => name.startsWith(KEPT) && name !== KEPT_HERE);
}

function tell() {
  const message = record ? { build: WASM_INTEGRITY, put: record } : { drop: true };
  active?.postMessage(message);
  sender?.tell(message);
}

async function settle() {
  let given;
  do {
    given = record;
    if (sender) {
      await send(given);
      continue;
    }
    let registration = await navigator.serviceWorker.getRegistration(SELF);
    if (given && !wasRegistered && !keeperIn(registration)) registration = await register();
    const worker = keeperIn(registration);
    wasRegistered = Boolean(given && (wasRegistered || worker));
    if (record) {
      const before = active;
      active = worker ?? active;
      if (active !== before) tell();
      if (!worker) active?.postMessage({ drop: true }); // it was sent away, and stays while this program runs
    } else {
      active = null;
      if (worker && await isLast()) await registration.unregister();
      owned = Boolean(record); // given meanwhile
    }
  } while (given !== record);
}

/** Has the keeper put what was given, or go. The page registers it, once, and has it begin again when it has slept. */
async function send(given) {
  const end = !given && await isLast();
  const message = () => (record ? { build: WASM_INTEGRITY, put: record } : { drop: true, end });
  const tell = (wanted) => postAll("keeper", { script: new URL(KEEPER_FILE, SELF).href, scope: KEEPER_SCOPE, wanted }, 0);
  let there = await sender.ask(message) !== null;
  if (!there && given) {
    tell(wasRegistered ? "again" : "new");
    await sender.wait(() => given === record);
    there = await sender.ask(message) !== null;
  }
  wasRegistered = Boolean(given && there);
  if (given) return;
  sender.end();
  if (end && !record) tell("gone");
  owned = Boolean(record);
}

/** Registers the keeper, in the place of those of other builds. */
async function register() {
  const { serviceWorker } = navigator, folder = new URL(".", SELF).href;
  for (const other of await serviceWorker.getRegistrations()) {
    if (other.scope !== SELF && other.scope.startsWith(`${folder}worker.`) && other.active?.scriptURL.startsWith(`${folder}keeper.`)) other.unregister();
  }
  return serviceWorker.register(new URL(KEEPER_FILE, SELF), { scope: SELF, updateViaCache: "all" });
}

/**
 * Fetches and instantiates the program; a failure names the mistake. A bundler
 * has the page say in this script's address where the program is. Any page can
 * say anything there: what it names is run only if it is the program of this
 * build. (The hash keeps the browser from compiling while it loads.) Compiling takes
 * all cores: the page has what the keeper says before, if that comes within a moment.
 */
async function load(imports, asked) {
  const renamed = new URLSearchParams(new URL(SELF).hash.slice(1)).get("wasm");
  const url = new URL(renamed ?? WASM_FILE, SELF);
  const { response, refused } = await askPatiently(url, renamed === null ? "" : WASM_INTEGRITY);
  const answered = Date.now();
  if (!response) {
    throw failure("wasm_not_found", `${url.pathname} cannot be fetched: no network, or connect-src in the policy of the worker forbids it`);
  }
  if (!response.ok) {
    throw failure("wasm_not_found", `${url.pathname} answered ${response.status}: it has to lie beside the worker script (the setting assets says where), also while a new build is deployed`);
  }
  const type = mediaType(response);
  if (type !== "application/wasm") {
    throw failure("wasm_wrong_type", `${url.pathname} is served as "${type}": it has to be application/wasm`);
  }
  if (refused) {
    throw failure("wasm_invalid", `${url.pathname}, which the address of the worker script names, is not the program of this build`);
  }
  await Promise.race([asked, pause(KEEPER_PAUSE)]);
  try {
    const { instance } = await WebAssembly.instantiateStreaming(response, imports);
    const compiled = Date.now();
    Object.assign(phases, { answered, received: receivedAt(response, answered, compiled), compiled });
    return instance;
  } catch (error) {
    if (!compiles()) {
      const [policy, cure] = globalThis.document ? ["the page", `: with host "page" add it, else allow the worker in worker-src, and the page does without`] : ["the worker script", ": add it"];
      throw failure("wasm_blocked_by_csp", `the Content-Security-Policy that ${policy} is served with lacks 'wasm-unsafe-eval' in script-src${cure}`);
    }
    throw failure("wasm_invalid", `${url.pathname} does not load: ${error.message}`);
  }
}

/** When the last byte of a response was there, between two times; undefined if nothing says so. */
function receivedAt({ url }, first, last) {
  const end = performance.getEntriesByName(url, "resource").at(-1)?.responseEnd;
  return end ? Math.max(first, Math.min(last, Math.round(Date.now() - performance.now() + end))) : undefined;
}

/**
 * Asks for the program. What a server does not have yet, since another build is
 * being deployed, is asked for again, under a fresh address, as a cache may hold
 * the answer; but not against a policy, or offline. A page in its place is what
 * servers of single-page apps answer.
 */
async function askPatiently(url, integrity) {
  let answer = await ask(url, integrity), forbidden = false;
  globalThis.addEventListener("securitypolicyviolation", ({ blockedURI }) => {
    forbidden ||= url.href.startsWith(blockedURI.split("?")[0]);
  });
  for (let wait = FIRST_PAUSE; wait < NO_PAUSE && !isThere(answer) && navigator.onLine; wait *= 1.5) {
    await pause(wait);
    if (forbidden) break;
    const fresh = new URL(url);
    fresh.searchParams.set("again", String(Date.now()));
    answer = await ask(fresh, integrity);
  }
  if (answer.response || !integrity) return answer;
  return { ...await ask(url, ""), refused: true }; // tells what is wrong, and is not run
}

function isThere({ response, late }) {
  return late || response?.ok && mediaType(response) !== "text/html";
}

function mediaType(response) {
  return (response.headers.get("Content-Type") ?? "").split(";")[0].trim().toLowerCase();
}

/** Asks once. With a hash, what is not there and what is another program cannot be told apart. */
async function ask(url, integrity) {
  try {
    const response = await fetch(url, { credentials: "same-origin", integrity, signal: AbortSignal.timeout(FETCH_TIMEOUT) });
    return { response };
  } catch (error) {
    return { late: error.name === "TimeoutError" };
  }
}

function compiles() {
  try {
    return Boolean(new WebAssembly.Instance(new WebAssembly.Module(EMPTY_MODULE))); // WebKit forbids the instance alone
  } catch {
    return false;
  }
}

function failure(code, message) {
  return { code, message };
}

function runtimeStopped() {
  return failure("runtime_stopped", "the program has ended; the next call starts a new one");
}

/** The program ended: every page hears it, and the next one starts anew. */
function stopped(reason) {
  program = null;
  postAll("stopped", reason);
  ports = [];
  if (globalThis.SharedWorkerGlobalScope) globalThis.close();
}

if (globalThis.SharedWorkerGlobalScope) {
  globalThis.onconnect = (event) => connect(event.ports[0]);
} else if (globalThis.DedicatedWorkerGlobalScope) {
  globalThis.onmessage = ({ ports: [port] }) => (location.search === KEEPER_QUERY ? port?.postMessage(null) : connect(port)); // the keeper has gone, and the server answers in its place
}
