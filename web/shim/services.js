// @ts-check
// What only a page can do for the program.

import { onDemand } from "./demand.js";
import { own } from "./own.js";

/** How long a frame that has loaded may take to answer, in milliseconds. */
const FRAME_GRACE = 1_000;

/**
 * The services, by the names under which the program calls them, with the
 * settings and the navigators of who has the connection. Others are loaded when
 * they are first needed.
 */
const SERVICES = {
  /** Sends the tab to url, or the whole window that it is a frame of. */
  async navigate({ url }, { redirectMethod, redirectTarget }, navigators) {
    if (navigators.redirect) return (await onDemand()).leave(url, { redirectMethod, redirectTarget }, navigators);
    const { location } = redirectTarget === "top" ? top : window;
    if (redirectMethod === "replace") location.replace(url);
    else location.href = url;
  },

  /** Visits url in a hidden frame until the callback page comes up in it. */
  async frame({ url, action, timeout }, { iframeAttributes }, { frames }) {
    const more = (frames || iframeAttributes || action) && (await onDemand());
    if (frames) return more.visitWith(frames, url, timeout, action);
    return new Promise((resolve, reject) => {
      const frame = document.createElement("iframe");
      let grace;
      const end = (settle, value) => {
        clearTimeout(grace);
        clearTimeout(limit);
        removeEventListener("message", onMessage);
        frame.remove();
        settle(value);
      };
      const onMessage = ({ origin, source, data }) => {
        if (origin !== location.origin || source !== frame.contentWindow) return;
        const { source: from, url: answer } = own(data);
        if (from === "oidc-client" && typeof answer === "string") end(resolve, { url: answer });
      };
      const limit = setTimeout(() => end(reject, { code: "timeout" }), timeout);
      addEventListener("message", onMessage);
      frame.hidden = true;
      frame.title = "sign-in";
      (document.body ?? document.documentElement).append(frame);
      frame.addEventListener("load", () => { // not the empty page that the frame begins with
        clearTimeout(grace);
        grace = setTimeout(() => end(reject, { code: "frame_no_response" }), FRAME_GRACE);
      });
      if (more) more.load(frame, iframeAttributes, url, action).catch((reason) => end(reject, reason));
      else frame.src = url;
    });
  },

  "transactions.put"({ state, ...transaction }, { worker }) {
    try {
      dropExpired();
      const key = `oidcspa.${state}`;
      if (!readTransaction(key)) sessionStorage.removeItem(responseOf(transaction.client)); // another sign-in begins
      sessionStorage.setItem(key, JSON.stringify({ ...transaction, worker }));
    } catch {
      throw { code: "storage_unavailable" };
    }
  },

  "transactions.take"({ state, keep }) {
    const key = `oidcspa.${state}`, transaction = readTransaction(key);
    if (transaction && !keep) {
      sessionStorage.removeItem(key);
      sessionStorage.removeItem(responseOf(transaction.client));
    }
    return { record: null, ...transaction };
  },
};

/** Does what the program asks for. createoidc.js hears of it before, and may change params. */
export async function serve(method, params, settings, navigators) {
  settings._before?.(method, params);
  const services = Object.hasOwn(SERVICES, method) ? SERVICES : (await onDemand()).services;
  if (!Object.hasOwn(services, method)) throw { code: "internal" };
  return services[method](params, settings, navigators);
}

/** The key under which the tab keeps a response of a client, until the sign-in is complete. */
export const responseOf = (client) => `oidcspa.response:${client}`;

export function readTransaction(key) {
  try {
    const transaction = JSON.parse(sessionStorage.getItem(key));
    return transaction && own(transaction);
  } catch {
    return null;
  }
}

/** Removes what sign-ins that were given up have left. */
export function dropExpired() {
  for (const key of Object.keys(globalThis.sessionStorage ?? {})) {
    if (key.startsWith("oidcspa.") && !(readTransaction(key)?.expires_at > Date.now() / 1000)) {
      sessionStorage.removeItem(key);
    }
  }
}
