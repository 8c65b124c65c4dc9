// The page that the provider sends the browser back to, in the hidden frame,
// in the popup window and in the tab. It hands the response over and decides nothing.
"use strict";
(() => {
  const query = new URLSearchParams(location.search);
  const fragment = new URLSearchParams(location.hash.slice(1));
  const state = stateOf(query) ?? stateOf(fragment);
  const message = { source: "oidc-client", url: location.href, keepOpen: false };

  /** A response that is a JWT has its state inside; the program verifies it. */
  function stateOf(response) {
    try {
      const payload = response.get("response")?.split(".")[1];
      return payload ? JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/"))).state : response.get("state");
    } catch {
      return null;
    }
  }

  if (window.parent !== window) {
    window.parent.postMessage(message, location.origin);
    return;
  }
  try {
    const { return_to: returnTo } = JSON.parse(sessionStorage.getItem(`oidcspa.${state}`) ?? "");
    const url = new URL(returnTo);
    if (url.origin === location.origin) {
      // A parameter that comes twice has to arrive twice: the client refuses it.
      for (const name of new Set(query.keys())) url.searchParams.delete(name);
      for (const [name, value] of query) url.searchParams.append(name, value);
      if (fragment.has("state") || fragment.has("response")) url.hash = location.hash;
      location.replace(url);
      return;
    }
  } catch {
    // unknown state: nothing to return to
  }
  window.opener?.postMessage(message, location.origin);
  // Where Cross-Origin-Opener-Policy has taken the opener away, it listens here.
  const channel = new BroadcastChannel(`oidc-client-popup-${state}`);
  channel.onmessage = () => close();
  channel.postMessage(message);
  history.replaceState(null, "", location.pathname);
  setTimeout(() => { document.getElementById("lost").hidden = false; }, 500);
})();
