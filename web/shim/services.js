// @ts-check
// What only a page can do for the program.

import { checkSession } from "./monitor.js";
import { hear, visitPopup } from "./popup.js";

/** How long a frame that has loaded may take to answer, in milliseconds. */
const FRAME_GRACE = 1_000;

/** The services, by the names under which the program calls them. */
export const SERVICES = {
  navigate({ url }) {
    location.assign(url);
  },

  /** Visits url in a hidden frame until the callback page comes up in it. */
  frame({ url, timeout }) {
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
        if (data?.source === "oidc-client" && typeof data.url === "string") end(resolve, { url: data.url });
      };
      const limit = setTimeout(() => end(reject, { code: "timeout" }), timeout);
      addEventListener("message", onMessage);
      frame.addEventListener("load", () => {
        clearTimeout(grace);
        grace = setTimeout(() => end(reject, { code: "frame_no_response" }), FRAME_GRACE);
      });
      frame.hidden = true;
      frame.title = "sign-in";
      frame.src = url;
      (document.body ?? document.documentElement).append(frame);
    });
  },

  /** The values of headers that the app makes up for each request. */
  headers({ names }, { extraHeaders }) {
    return { headers: Object.fromEntries(names.map((name) => [name, extraHeaders[name]()])) };
  },

  checkSession(question) {
    return checkSession(question);
  },

  /** Visits url in a window until the callback page comes up in it. */
  popup(params) {
    return visitPopup(params);
  },

  /** Waits for the answer of a window that seems to be closed. */
  "popup.late"({ state, timeout }) {
    return new Promise((resolve, reject) => {
      const end = hear(state, ({ url }) => {
        clearTimeout(limit);
        end();
        resolve({ url });
      });
      const limit = setTimeout(() => {
        end();
        reject({ code: "timeout" });
      }, timeout);
    });
  },

  "transactions.put"({ state, ...transaction }) {
    try {
      dropExpired();
      sessionStorage.setItem(`oidcspa.${state}`, JSON.stringify(transaction));
    } catch {
      throw { code: "storage_unavailable" };
    }
  },

  "transactions.take"({ state }) {
    const transaction = readTransaction(`oidcspa.${state}`);
    if (transaction) sessionStorage.removeItem(`oidcspa.${state}`);
    return { record: transaction?.record ?? null };
  },
};

export function readTransaction(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** Removes what sign-ins that were given up have left. */
function dropExpired() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith("oidcspa.") && !(readTransaction(key)?.expires_at > Date.now() / 1000)) {
      sessionStorage.removeItem(key);
    }
  }
}
