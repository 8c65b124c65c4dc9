// @ts-check
// The keeper: a service worker that has what the program needs to go on, while
// a page is reloaded in a browser that ends the program with it. Its scope holds no
// page and, but for what is asked of it there, no request. What it has is in its
// memory, and nowhere else.

/** How long it has a record that its owner gives no more, in milliseconds. */
const LIFE = 60_000;

/** The address of the worker's script; beyond it the scope has the query that only the keeper answers, if it is asked that way. */
const PROGRAM = registration.scope.split("?")[0];

/**
 * What each program has given, by the id of the worker that owns it, the newest last.
 * @type {Map<string, {record: string, who: string, at: number, rest?: () => void}>}
 */
const records = new Map();

/** Whose records others have, the last of them: what comes of these is late, until they have asked. */
const left = new Set(), LEFT_LIMIT = 200;

/**
 * The workers that have got a script, by the word in it that nobody else knows.
 * @type {Map<string, Client>}
 */
const senders = new Map();

/**
 * Gives the lock back that says that it is there.
 * @type {(() => void) | null}
 */
let leave = null;

/** What the provider ends while nobody listens has ended: see frontchannel.js. Who lives gives it anew. */
const logouts = new BroadcastChannel("oidcspa.frontchannel");
logouts.onmessage = ({ data }) => {
  if (typeof data === "string") forget();
};

addEventListener("message", (event) => event.waitUntil(reply(event)));
if (PROGRAM !== registration.scope) addEventListener("fetch", (event) => event.respondWith(serve(event)));

async function reply(event) {
  const { source, data, ports: [port] } = event;
  if ("begin" in data) return data.begin ? begin() : finish();
  const answer = await hear(source, data, event);
  port?.postMessage(answer);
}

function forget() {
  for (const { rest } of records.values()) rest();
}

/** Says that it is there, in its scope. The page that registers it asks for that; there is no harm in it. */
function begin() {
  if (leave) return;
  const end = new Promise((resolve) => { leave = resolve; });
  navigator.locks.request(`oidcspa.keeper ${registration.scope}`, () => end);
}

function finish() {
  leave?.();
  leave = null;
}

/**
 * A program puts its record, takes one, asks whether it has lost its own, as one that sleeps with its page looks like one that has
 * gone in WebKit, or has all forgotten, in the end with the keeper. Pages, frames, and
 * workers of another address, whoever has started them, get nothing.
 */
async function hear(source, { build, put, drop, end, lost }, event) {
  if (!isProgram(source)) return "";
  const { id, url } = source, now = Date.now(), who = `${build} ${url}`;
  for (const { at, rest } of records.values()) if (now - at > LIFE) rest();
  if (lost) return left.delete(id) ? "lost" : "";
  if (drop || end) forget();
  else if (!put) return take(id, who, event);
  else if (!left.has(id)) {
    records.get(id)?.rest();
    own(id, { record: put, who, at: now }, event);
  }
  if (!end) return "";
  senders.clear();
  finish();
  await registration.unregister();
  return "";
}

function isProgram(client) {
  const { type, url } = client ?? {};
  return (type === "sharedworker" || type === "worker") && url.split("#")[0] === PROGRAM;
}

/** Makes a record somebody's, for what is left of its life, or until it is put to rest. The browser does not end this worker before. */
function own(id, record, event) {
  records.set(id, record);
  event.waitUntil(new Promise((resolve) => {
    record.rest = () => {
      if (records.get(id) === record) records.delete(id);
      resolve();
    };
    setTimeout(record.rest, record.at + LIFE - Date.now());
  }));
}

/**
 * Makes a record whose owner is gone that of another worker of the same build; its own before all, if the program has ended in it.
 * Where all owners live it says so: one that ends with its page does, for a moment.
 */
async function take(id, who, event) {
  let lives = false;
  for (let [owner, record] of [...records].reverse()) {
    if (record.who !== who) continue;
    const alive = owner !== id && await clients.get(owner);
    if (!alive && records.has(id)) owner = id;
    const last = !alive && records.get(owner); // it may have given another meanwhile, or it is another's by now
    if (!last) {
      lives = true;
      continue;
    }
    last.rest();
    if (owner !== id) left.add(owner);
    if (left.size > LEFT_LIMIT) left.delete([...left][0]);
    own(id, last, event);
    return last.record;
  }
  return lives ? "lives" : "";
}

/**
 * Answers the address that only the keeper answers. Who starts a worker from there gets a script if it is a
 * program: the browser says so. What that worker sends is its program's, since nobody else has the word.
 */
async function serve(event) {
  const { request, clientId } = event;
  if (request.destination === "worker") {
    const client = await clients.get(clientId);
    return isProgram(client) ? new Response(await script(client), { headers: HEADERS }) : Response.error();
  }
  const { word, ...message } = await request.json();
  return senders.has(word) ? new Response(await hear(senders.get(word), message, event)) : Response.error();
}

const HEADERS = {
  "Content-Type": "text/javascript",
  "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Sends one message after the other, never by a network: without the keeper there is no answer. */
async function script(client) {
  for (const [word, { id }] of senders) if (!await clients.get(id)) senders.delete(word);
  const word = crypto.randomUUID();
  senders.set(word, client);
  return `let last = Promise.resolve();
onmessage = ({ data, ports: [port] }) => {
  last = last.then(async () => {
    const answer = await fetch(location, { method: "POST", mode: "same-origin", cache: "only-if-cached", body: JSON.stringify({ ...data, word: "${word}" }) });
    port?.postMessage(await answer.text());
  }).catch(() => port?.postMessage(null));
};`;
}
