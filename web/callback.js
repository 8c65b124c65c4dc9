// The page that the provider sends the browser back to, in the hidden frame,
// in the popup window and in the tab. It hands the response over and decides nothing.
"use strict";
(() => {
  const MARK = "oidcspa.arrival";
  const RESPONSE_PARAMETERS = "code state iss error error_description error_uri session_state response oidcspa.arrival".split(" ");
  const query = new URLSearchParams(location.search);
  const fragment = new URLSearchParams(location.hash.slice(1));
  const state = stateOf(fragment) ?? stateOf(query); // which may have one of the app's own
  let policy, signedIn;
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

  /** Tells a program something, and nobody else. Where there is none, or no way to it, nothing follows. */
  function tell(worker, method, params, hear) {
    try {
      const { url, name } = worker;
      if (new URL(url).origin !== location.origin) return;
      const { port } = new SharedWorker(policy?.createScriptURL(url) ?? url, { type: "module", name, extendedLifetime: true });
      port.onmessage = hear;
      port.postMessage(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    } catch {
      // the app completes the sign-in by itself
    }
  }

  /**
   * Asks the programs that run which of them has sent another tab away for this response: a link in a mail opens a tab
   * of its own. What the sign-in is completed with stays there.
   */
  async function ask() {
    for (const { name: lock } of (await navigator.locks.query()).held) {
      const [kind, url, name] = lock.split(" "), worker = { url, name };
      if (kind === "oidcspa.host.shared") tell(worker, "awaits", { state }, ({ data }) => {
        const { result } = JSON.parse(data);
        if (result) handOn(state, { ...result, worker });
      });
    }
  }

  /** Sends the tab to where a sign-in of its own has left from. */
  function handOn(name, transaction = JSON.parse(sessionStorage.getItem("oidcspa." + name))) {
    const url = new URL(transaction.return_to);
    if (url.origin !== location.origin || query.has(MARK)) throw url; // a response is handed on once
    // The program has to know where the response arrived. The mark ties that to
    // this response, and ends the query of the app's own page.
    const mark = crypto.getRandomValues(new Uint32Array(4)).join("-");
    transaction.arrival = { address: location.origin + location.pathname, mark };
    sessionStorage.setItem("oidcspa." + name, JSON.stringify(transaction));
    // The app's own parameters stay as they are, but for those that would be of the response.
    for (const name of RESPONSE_PARAMETERS) if (url.searchParams.has(name)) url.searchParams.delete(name);
    // A parameter that comes twice has to arrive twice: the client refuses it.
    url.search += `&${new URLSearchParams([[MARK, mark], ...query])}`;
    if (stateOf(fragment)) url.hash = fragment;
    // The program that has sent the tab away begins with the token request while the app's page loads.
    tell(transaction.worker, "arrive", { url: url.href, arrival: transaction.arrival });
    location.replace(url);
  }

  if (parent !== window) {
    parent.postMessage(message, location.origin);
    return;
  }
  try {
    policy = trustedTypes.createPolicy("oidcspa", { createScriptURL: String });
  } catch {
    // strings are let through, or nothing is
  }
  try {
    signedIn = /oidcspa.session:/.test(Object.keys(localStorage));
    return handOn(state);
  } catch {
    // unknown state: somebody else may wait for it
  }
  opener?.postMessage(message, location.origin);
  // Where Cross-Origin-Opener-Policy has taken the opener away, it listens here.
  const channel = new BroadcastChannel(`oidc-client-popup-${state}`);
  channel.onmessage = () => close();
  channel.postMessage(message);
  history.replaceState(null, "", location.pathname);
  if (state) ask();
  setTimeout(() => {
    try {
      handOn("underway"); // the app has it begin again
    } catch {
      // Who is signed in has gone back to the login page, as a rule.
      if (signedIn) location.replace(document.links[0]);
      else document.getElementById("lost").hidden = false;
    }
  }, 500);
})();
