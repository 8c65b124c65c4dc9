// @ts-check
// The provider's response in the address of the page.

import { onDemand } from "./demand.js";
import { readTransaction, responseOf } from "./services.js";

/** What providers add to a query, those that sort its parameters, too. */
const RESPONSE = /^(code|(session_)?state|iss|error(_\w+)?|response|scope|authuser|prompt|hd)(=|$)/;

/** How long a state is at least that a client has drawn, this one or another: what is shorter is the app's own. */
const STATE_LENGTH = 32;

/** What the callback page puts between the parameters of the app's page and those that it hands on. */
const MARK = /[?&]oidcspa\.arrival=.*/;

/** The parameters of an address: in its query, and in its fragment, also behind the route of a hash router. */
function partsOf(url) {
  const { searchParams, hash } = new URL(url);
  return [searchParams, new URLSearchParams(hash.replace(/#([^?]*\?)?/, ""))];
}

/** A response that is a JWT has its state inside: it says which sign-in that is for, and the program verifies it. */
function stateIn(response) {
  try {
    return JSON.parse(atob(response.get("response").split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).state;
  } catch {
    return response.get("state"); // no JWT
  }
}

const isOurs = (response) => stateIn(response)?.length >= STATE_LENGTH;

/** The state of a response, null if it has none. One that a client has drawn comes before the app's own beside it. */
export function stateOf(url) {
  const parts = partsOf(url);
  return stateIn(parts.find(isOurs) ?? parts.find(stateIn) ?? parts[0]) ?? null;
}

/** Where an address leads, under whichever of its names a server shows it; see oidc.FitRedirectURI. */
function placeOf(address) {
  return URL.canParse(address) && new URL(address.split(/[?#]/)[0]).href.replace(/(\/index)?(\.html)?\/?$/, "");
}

/**
 * Takes the provider's response out of the address bar, and returns the
 * address that held it. What is left is the query of the redirect URI; behind the
 * callback page, query and fragment that the tab had when it left. Where the tab does not
 * know the response the redirect URI is that of the settings, and elsewhere stays what is
 * no parameter of a response. Without a mark of its kind, or a state, there is no response:
 * the address is the app's own, and stays, unless the callback page has handed it on, or it
 * refuses a sign-in for which the tab has left and which ends here. So does a response of
 * another client. That of a redirect to sign in is kept by the tab until it is complete:
 * a page that comes back before finds it.
 */
export function takeResponse(mark, client, redirectURI = "") {
  const { href } = location, kept = keptFor(client);
  if (kept === undefined || kept?.response) return kept?.response ?? href;
  const url = new URL(href), parts = partsOf(href);
  const answers = parts.filter((part) => [mark, "error", "response"].some((name) => part.has(name)));
  const response = answers.find(isOurs) ?? answers[0], inFragment = response === parts[1];
  const isAt = (address) => placeOf(address) === placeOf(href);
  const refusal = mark === "code" && response?.has("error") && isAt(readTransaction("oidcspa.underway")?.address);
  if (!response || !(kept || refusal || MARK.test(href) || isOurs(response))) return href;
  const left = MARK.test(href) && new URL(kept?.return_to ?? href.replace(MARK, ""));
  if (inFragment) url.hash = left ? left.hash : url.hash.match(/#[^?]*(?=\?)/)?.[0] ?? "";
  const [, query = ""] = redirectURI.split("?");
  if (kept || left) url.search = (left ? left.search : kept.query) ?? "";
  else if (!inFragment) url.search = isAt(redirectURI) && url.search.startsWith(`?${query && query + "&"}`) ? query : url.search.slice(1).split("&").filter((parameter) => !RESPONSE.test(parameter)).join("&");
  if (mark === "code" && kept?.client) sessionStorage.setItem(responseOf(client), JSON.stringify({ expires_at: kept.expires_at, restore: true, response: href }));
  history.replaceState(history.state, "", url);
  return href;
}

/** What the tab keeps for the response in its address, or for one that it has begun to read: null for nothing, undefined if that is of another client. */
export function keptFor(client) {
  const kept = readTransaction(`oidcspa.${stateOf(location.href)}`) ?? readTransaction(responseOf(client));
  if ((kept?.client ?? client) === client) return kept;
}

// What navigators of the app have been given, by address.
const handed = new Map();

/**
 * In the hidden frame or the popup window of another page: that page gets the
 * response, or the app's navigator that has made the frame or the window, once.
 * Resolves to null if nobody else waits for it; the navigator, which may call
 * the manager, goes on until done.
 * @param {string} url
 * @param {boolean} [keepOpen]
 * @param {any} [navigator]
 * @returns {Promise<{ done?: Promise<void> } | null>}
 */
export async function handOver(url, keepOpen = false, navigator) {
  const state = URL.canParse(url) ? stateOf(url) : null;
  if (state === null && !/[?&#]error=/.test(url) || readTransaction(`oidcspa.${state}`)) return null;
  if (navigator) {
    if (!handed.has(url)) {
      const done = (async () => navigator.callback(url, { keepOpen }))();
      done.catch(() => handed.delete(url)); // heard by who waits
      handed.set(url, { done });
    }
    return handed.get(url);
  }
  const message = { source: "oidc-client", url, keepOpen };
  const other = window.parent === window ? window.opener : window.parent;
  if (state === null || other === window.parent) { // without a state it may be this page's own all the same
    other?.postMessage(message, location.origin);
    return state && {};
  }
  return await (await onDemand()).answerOpener(message, state) ? {} : null;
}
