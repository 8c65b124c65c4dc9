// @ts-check
// The provider's response in the address of the page.

import { readTransaction } from "./services.js";

/** What a provider adds to an address. */
const RESPONSE_PARAMETERS = ["code", "state", "iss", "error", "error_description", "error_uri", "session_state"];

/** The parameters in a fragment, also behind the route of a hash router. */
function fragmentOf(hash) {
  return new URLSearchParams(hash.replace(/^#([^?]*\?)?/, ""));
}

/** Takes the provider's response out of the address bar, and returns it. */
export function takeResponse() {
  const { href } = location;
  const url = new URL(href);
  const fragment = fragmentOf(url.hash);
  for (const name of RESPONSE_PARAMETERS) url.searchParams.delete(name);
  if (RESPONSE_PARAMETERS.some((name) => fragment.has(name))) url.hash = url.hash.match(/^#[^?]*(?=\?)/)?.[0] ?? "";
  if (url.href !== href) history.replaceState(history.state, "", url);
  return href;
}

/** In the hidden frame of another page: that page gets the response. */
export function handToParent(url) {
  if (window.parent === window) return false;
  const { searchParams, hash } = new URL(url);
  const state = searchParams.get("state") ?? fragmentOf(hash).get("state");
  if (state === null || readTransaction(`oidcspa.${state}`)) return false;
  window.parent.postMessage({ source: "oidc-client", url, keepOpen: false }, location.origin);
  return true;
}
