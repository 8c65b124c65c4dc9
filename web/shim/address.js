// @ts-check
// The provider's response in the address of the page.

import { readTransaction } from "./services.js";

/** How long a page that waits for a response may take to say so, in milliseconds. */
const HEARD_TIMEOUT = 1_000;

/** What a provider adds to an address. */
const RESPONSE_PARAMETERS = ["code", "state", "iss", "error", "error_description", "error_uri", "session_state", "response"];

/** What the callback page puts between the parameters of the app's page and those that it hands on. */
const MARK = /[?&]oidcspa\.arrival=.*/;

/** The parameters in a fragment, also behind the route of a hash router. */
function fragmentOf(hash) {
  return new URLSearchParams(hash.replace(/^#([^?]*\?)?/, ""));
}

/**
 * The state of a response, null if it has none. A response that is a JWT has
 * it inside: it says which sign-in that is for, and the program verifies it.
 */
export function stateOf(url) {
  const { searchParams, hash } = new URL(url);
  for (const response of [searchParams, fragmentOf(hash)]) {
    try {
      const payload = response.get("response")?.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
      const state = payload ? JSON.parse(atob(payload)).state : response.get("state");
      if (state) return state;
    } catch {
      // no JWT
    }
  }
  return null;
}

/**
 * Takes the provider's response out of the address bar, and returns the
 * address that held it. Without one of the parameters in marks there is no
 * response: the address is the app's own, and stays. So does a response of
 * another client than the one of that name.
 */
export function takeResponse(marks, name) {
  const { href } = location;
  if (name && !keptFor(name) && transactionOf(href)) return href;
  const url = new URL(href);
  const fragment = fragmentOf(url.hash);
  if (!marks.some((name) => url.searchParams.has(name) || fragment.has(name))) return href;
  if (MARK.test(url.search)) url.search = url.search.replace(MARK, "");
  else for (const name of RESPONSE_PARAMETERS) url.searchParams.delete(name);
  if (marks.some((name) => fragment.has(name))) url.hash = url.hash.match(/^#[^?]*(?=\?)/)?.[0] ?? "";
  history.replaceState(history.state, "", url);
  return href;
}

/** What the tab keeps for the response in its address: nothing for one of another client. */
export function keptFor(name, transaction = transactionOf(location.href)) {
  return (transaction?.client ?? name) === name ? transaction : null;
}

function transactionOf(url) {
  const state = URL.canParse(url) ? stateOf(url) : null;
  return state && readTransaction(`oidcspa.${state}`);
}

/**
 * In the hidden frame or the popup window of another page: that page gets the
 * response, or the app's navigator that has made the frame or the window.
 * Resolves to false if nobody else waits for it.
 */
export async function handOver(url, keepOpen = false, navigator = undefined) {
  const state = URL.canParse(url) ? stateOf(url) : null;
  if (state === null || readTransaction(`oidcspa.${state}`)) return false;
  if (navigator) {
    await navigator.callback(url, { keepOpen });
    return true;
  }
  const message = { source: "oidc-client", url, keepOpen };
  if (window.parent !== window) {
    window.parent.postMessage(message, location.origin);
    return true;
  }
  window.opener?.postMessage(message, location.origin);
  // Without an opener it is heard by this alone.
  const channel = new BroadcastChannel(`oidc-client-popup-${state}`);
  const heard = await new Promise((resolve) => {
    channel.onmessage = () => resolve(true);
    setTimeout(resolve, HEARD_TIMEOUT, false);
    channel.postMessage(message);
  });
  channel.close();
  if (heard && !keepOpen) window.close();
  return heard;
}
