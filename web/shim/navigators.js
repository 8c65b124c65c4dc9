// @ts-check
// The app's own ways to the provider (INavigator): a redirect, a window or a
// frame of its own making, such as the browser that a mobile app opens.

import { own } from "./own.js";

/** What a navigator is told of a request. */
function requestAt(url, state) {
  const { searchParams } = new URL(url);
  const [id] = (state ?? searchParams.get("state") ?? "").split(";"); // what the app added is not a part of it
  const mode = searchParams.get("response_mode");
  return { url, state: id || undefined, response_mode: mode?.includes("fragment") ? "fragment" : mode ? "query" : undefined };
}

/** Where a form leads for whom an address is all: the token, which the app keeps out of addresses, is not in it. */
export function withoutToken(url, action) {
  if (!action) return url;
  const address = new URL(url);
  address.searchParams.delete("id_token_hint");
  return address.href;
}

/** Leaves with a navigator as soon as the call knows where to. */
export async function leaveWith(prepared, navigators, call) {
  const handle = await prepared;
  let left;
  const go = (url) => {
    left = (async () => handle.navigate(requestAt(url)))();
    left.catch(() => {}); // heard below
  };
  navigators.go = go;
  try {
    await call();
    if (!left) handle.close(); // another call of the same time has left
    await left;
  } catch (error) {
    handle.close();
    throw error;
  } finally {
    if (navigators.go === go) navigators.go = undefined;
  }
}

/** The service "navigate" where the app has a navigator: for the call that waits, or for nobody. */
export function leave(url, how, navigators) {
  if (navigators.go) navigators.go(url);
  else leaveWith(navigators.redirect.prepare(how), navigators, () => navigators.go(url)).catch(reportError);
}

/** Visits url in a frame of the app's for so many milliseconds at most. */
export async function visitWith(navigator, url, timeout, action) {
  let limit;
  const late = new Promise((_resolve, reject) => {
    limit = setTimeout(reject, timeout, { code: "timeout" });
  });
  const prepared = (async () => navigator.prepare({ silentRequestTimeoutInSeconds: timeout / 1000 }))();
  try {
    const answer = prepared.then((handle) => handle.navigate(requestAt(withoutToken(url, action))));
    return { url: own(await Promise.race([answer, late])).url };
  } catch (error) {
    prepared.then((handle) => handle.close()).catch(() => {});
    throw { code: own(error).code === "timeout" ? "timeout" : "aborted" };
  } finally {
    clearTimeout(limit);
  }
}

/** A window of the app's. Its navigator closes it when the answer is there. */
export class GuestWindow {
  #prepared;
  #answered = false;
  #fail;

  constructor({ prepared }) {
    this.#prepared = Promise.resolve(prepared);
    this.ended = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    this.ended.catch(() => {});
    this.#prepared.catch(this.#fail);
  }

  /** Sends the window to url, and waits for the answer. What the navigator throws is what the call throws. */
  async visit(url, state, _timeout, action) {
    try {
      const handle = await this.#prepared;
      const answer = await handle.navigate(requestAt(withoutToken(url, action), state));
      this.#answered = true;
      return { url: own(answer).url };
    } catch (error) {
      this.#fail(error);
      throw { code: "aborted" };
    }
  }

  /** Its call has settled. */
  leave() {
    if (!this.#answered) this.#prepared.then((handle) => handle.close()).catch(() => {});
  }
}
