// @ts-check
// The state of one run: a scenario with one of the two clients, over all pages that it shows. window.name outlives
// navigations and all storage, and is nobody's state.

/** How many pages one scenario may load. */
const PAGES = 12;

/** The run that this page is of; that of the page around it in a frame. */
export const run = location.pathname === "/run" ? fromQuery() : JSON.parse((self === top ? self : parent).name);

function fromQuery() {
  const query = new URLSearchParams(location.search);
  const { lib, name, op, second } = Object.fromEntries(query);
  return { lib, name, op, second, part: 0, pages: 0, lines: [], kept: {} };
}

/** Keeps the run for the next page. */
export function keep() {
  window.name = JSON.stringify(run);
}

/** Writes down lines. A page may be left at any time. */
export function say(...lines) {
  run.lines.push(...lines);
  keep();
}

/** Another page of this run begins; false if there were too many. */
export function begin() {
  run.pages++;
  say(`page ${here()}`);
  return run.pages <= PAGES;
}

/** The address of the page, and how the tab came to it. */
export function here() {
  return location.pathname + location.search + location.hash;
}

/** What JSON makes of a value, and of what JSON has no word for. */
function text(value) {
  if (value instanceof Error) return value.name;
  if (typeof value === "function") return "function";
  return JSON.stringify(value) ?? "undefined";
}

/** One line for each member of a value, in order, without what is undefined. */
export function describe(name, value) {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Error) return [`${name}: ${text(value)}`];
  const members = Object.keys(value).filter((member) => value[member] !== undefined).sort();
  if (members.length === 0) return [`${name}: {}`];
  return members.flatMap((member) => describe(`${name}.${member}`, value[member]));
}

/** What the browser keeps. */
export function storage() {
  for (const [name, store] of [["local", localStorage], ["session", sessionStorage]]) {
    for (const key of Object.keys(store).sort()) say(`${name} ${key} = ${store.getItem(key)}`);
  }
}

/** Says how a provider answers from now on. */
export async function provider(script, op = run.op) {
  await fetch(`/script?op=${encodeURIComponent(op)}`, { method: "POST", body: JSON.stringify({ frames: true, ...script }) });
}
