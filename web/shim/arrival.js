// @ts-check
// The provider's response where the root of the app is the redirect URI. It is taken out of the address before code of the
// app can read it. This imports nothing, as it is for the hidden frame, too, which needs no more.

/** A state that a client has drawn, with what the app has added: what is shorter is the app's own, and other letters are in the names of what else the tab keeps. */
const DRAWN = /^[\w-]{32,}(;|$)/;

/** What a response adds to an address. */
const OF_RESPONSE = /^(code|(session_)?state|iss|error(_description|_uri)?)=/;

/** What oidcEarlyInit() was given, and with unknown the address of a response that this tab does not know. */
export const early = { __proto__: null };

/** What the tab keeps under a key. */
export function keptAt(key) {
  try {
    return { __proto__: null, ...JSON.parse(sessionStorage.getItem(key)) };
  } catch {
    return { __proto__: null };
  }
}

/** The response in an address, in its fragment or in its query: null if there is none that has a state of a client's. */
export function responseIn(address) {
  const { hash, searchParams } = new URL(address);
  return [new URLSearchParams(hash.slice(1)), searchParams].find((part) => DRAWN.test(part.get("state"))) ?? null;
}

/**
 * Takes a response that is ours out of the address, and shows the one that the tab had when it left. Returns whether the app
 * is to go on here: not in a hidden frame, whose page gets the response, nor where another document is shown. Beyond the
 * root of the app, a response that this tab does not know is somebody else's.
 */
export function arrive(base = early.BASE_URL, { href, hash } = location) {
  const response = responseIn(href);
  if (!response) return true;
  const state = response.get("state"), way = keptAt(`oidcspa.${state}`), comes = response.has("code") || response.has("error");
  if (way.arrival) return true; // callback.html has handed it on
  if (way.client) {
    const { return_to, action } = keptAt(`oidcspa.round:${way.client}`); // return_to is of a sign-out, which may be refused
    if (way.return_to || comes && !return_to) try { // what answers a sign-in is read, also if it lacks both
      sessionStorage.setItem(`oidcspa.response:${way.client}`, JSON.stringify({ expires_at: way.expires_at, restore: true, response: href }));
    } catch {
      return true; // no room: it stays where it is
    }
    else sessionStorage.removeItem(`oidcspa.${state}`);
    if (response.get("error") === "consent_required" && action !== "go to auth server") return show(way.address); // the page may ask again
    return show(way.return_to ?? return_to ?? way.address);
  }
  const message = { source: "oidc-client", url: href }, atRoot = isRoot(base);
  const waits = /** @type {HTMLElement | null} */ (frameElement)?.hidden ? parent : atRoot && ours();
  if (waits) {
    waits.postMessage(message, location.origin);
    return false;
  }
  if (!comes || !atRoot) return true;
  // Of a sign-in that this tab does not know: what is not of it stays as it is. Another tab may have left for it.
  early.unknown = href;
  const channel = new BroadcastChannel(`oidc-client-popup-${state}`);
  channel.onmessage = () => close(); // a window that has lost its opener
  channel.postMessage(message);
  const url = new URL(href), inHash = hash.includes(state);
  const left = (inHash ? hash : url.search).slice(1).split("&").filter((parameter) => !OF_RESPONSE.test(parameter)).join("&");
  url[inHash ? "hash" : "search"] = left;
  history.replaceState(history.state, "", url);
  return true;
}

/** The page of ours that has opened this window. A window that is still there after a second is a tab like any other. */
function ours() {
  try {
    if (opener.origin !== location.origin) return;
  } catch {
    return; // there is none, or it is of another origin
  }
  setTimeout(() => {
    opener = null; // also for the page that is loaded then
    location.reload();
  }, 1_000);
  return opener;
}

/** Whether the page is at the redirect URI, which is the root of the app. */
function isRoot(base) {
  return URL.canParse(base, location.origin) && new URL(base, location.origin).pathname.replace(/\/$/, "") === location.pathname.replace(/\/$/, "");
}

/** Shows an address of the app: by loading it if it is a document of its own. */
function show(address) {
  const { pathname } = new URL(address);
  if (/\.html?$/.test(pathname) && pathname !== location.pathname) {
    history.replaceState(history.state, "", location.pathname); // the next document can read where it was loaded from
    location.replace(address);
    return false;
  }
  history.replaceState(history.state, "", address);
  return true;
}

/** What oidcEarlyInit() has answered. */
let answer;

/** See entrypoint.d.ts. */
export function oidcEarlyInit(given) {
  return answer ??= begin(given);
}

function begin(given) {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (name === "securityDefenses" ? Object.keys(value ?? {}).length : !["BASE_URL", "sessionRestorationMethod"].includes(name)) {
      throw new Error(`oidcEarlyInit: ${name} is not there`);
    }
    early[name] = value;
  }
  return { shouldLoadApp: !globalThis.document || arrive() };
}
