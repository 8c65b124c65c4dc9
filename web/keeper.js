// @ts-check
// The keeper: a service worker that has what the program needs to go on, while
// a page is reloaded in a browser that ends the program with it. Its scope is the
// address of the worker's script alone, so that it controls no page; it answers no
// request. What it has is in its memory, and nowhere else.

/** How long it has a record that its owner gives no more, in milliseconds. */
const LIFE = 60_000;

/**
 * What each program has given, by the id of the worker that owns it, the newest last.
 * @type {Map<string, {record: string, who: string, at: number}>}
 */
const records = new Map();

/** Whose records others have: what comes of these is late. */
const left = new Set();

addEventListener("message", (event) => event.waitUntil(hear(event)));

/**
 * A program puts its record, takes one, or has all forgotten. Pages, frames, and
 * workers of another address, whoever has started them, get nothing.
 */
async function hear({ source, data: { build, put, drop }, ports: [port] }) {
  const { id, type, url } = source ?? {};
  if (type !== "sharedworker" && type !== "worker" || url.split("#")[0] !== registration.scope) {
    return port?.postMessage("");
  }
  const now = Date.now(), who = `${build} ${url}`;
  for (const [owner, { at }] of records) if (now - at > LIFE) records.delete(owner);
  if (drop) records.clear();
  else if (put && !left.has(id)) own(id, { record: put, who, at: now });
  else port?.postMessage(await take(id, who));
}

function own(id, record) {
  records.delete(id);
  records.set(id, record);
}

/** Makes a record whose owner is gone that of another worker of the same build; its own, if the program has ended in it. */
async function take(id, who) {
  for (const [owner, record] of [...records].reverse()) {
    if (record.who !== who || owner !== id && await clients.get(owner) || !records.delete(owner)) continue;
    if (owner !== id) left.add(owner);
    own(id, record);
    return record.record;
  }
  return "";
}
