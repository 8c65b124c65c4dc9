// @ts-check
// Popup windows after they were opened: they are sent to the provider when the
// program asks for it, and bring an answer or end without.

import { failure } from "./errors.js";
import { submit } from "./form.js";
import { GuestWindow } from "./navigators.js";
import { own } from "./own.js";
import { aborted, openPopup } from "./popup.js";

/** How often a window is looked at, in milliseconds, and how often in a row a page of another origin has to be there to count. */
const LOOK = 20;
const THERE = 3;

/** How long an answer may be behind the end of its window, in milliseconds. */
const POPUP_GRACE = 300;

/** WebKit, which cuts a window off before any other origin has been seen in it. */
const SEVERS_BLANK = /^Apple/.test(globalThis.navigator?.vendor);

/** How long a page that waits for a response may take to say so, in milliseconds. */
const HEARD_TIMEOUT = 1_000;

/** The windows that calls have opened, by the number that the program knows. */
const popups = new Map();

/** The service "popup". A window of 0 is opened now, if the browser lets us. */
export async function visitPopup({ window = 0, url, action, state, timeout }, settings, navigators) {
  const visit = (popup) => popup.visit(url, state, timeout, action);
  if (!window) return follow(openPopup(settings, {}, navigators.popups), visit);
  const popup = popups.get(window);
  if (!popup) throw { code: "aborted" }; // its call has settled
  return visit(popup);
}

/** Waits for a call that has opened a window, or for the end of the window before it. */
export async function follow(handle, call) {
  const { number } = handle;
  const popup = handle.opened ? new Popup(handle) : new GuestWindow(handle);
  popups.set(number, popup);
  try {
    const result = call(popup);
    await Promise.race([result, popup.ended]);
    return await result;
  } finally {
    popups.delete(number);
    popup.leave();
  }
}

/** The service "popup.late": waits for the answer of a window that seems to be closed. */
export function lateAnswer({ state, timeout }) {
  return new Promise((resolve, reject) => {
    const channel = hear(state, ({ url }) => {
      clearTimeout(limit);
      channel.close();
      resolve({ url });
    });
    const limit = setTimeout(() => {
      channel.close();
      reject({ code: "timeout" });
    }, timeout);
  });
}

/** In the window: hands the answer to the page that has opened it, if there is one. */
export async function answerOpener(message, state) {
  window.opener?.postMessage(message, location.origin);
  // Without an opener it is heard by this alone.
  const channel = new BroadcastChannel(`oidc-client-popup-${state}`);
  const heard = await new Promise((resolve) => {
    channel.onmessage = () => resolve(true);
    setTimeout(resolve, HEARD_TIMEOUT, false);
    channel.postMessage(message);
  });
  channel.close();
  if (heard && !message.keepOpen) window.close();
  return heard;
}

/** A window that openPopup has opened. */
export class Popup {
  #window;
  #sent = false;
  #foreign = 0;
  #back = false; // the page got the focus, and has not lost it
  #end;
  #undo = [];
  /** @type {BroadcastChannel | undefined} */
  #channel;

  constructor({ opened, how: { popupWindowFeatures, popupSignal: signal, popupAbortOnClose = true } }) {
    this.#window = opened;
    this.ended = new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
    });
    this.ended.catch(() => {});
    const fail = (code, why) => this.#end.reject(failure(code, why));
    if (popupAbortOnClose) {
      const timer = setInterval(() => this.#look(timer, fail), LOOK);
      this.#undo.push(() => clearInterval(timer));
      this.#on(globalThis, "blur", () => (this.#back = false));
      this.#on(globalThis, "focus", () => {
        this.#back = true;
        this.#look(timer, fail); // the window may be long gone: timers of a hidden page are slow
      });
    }
    const life = own(popupWindowFeatures).closePopupWindowAfterInSeconds;
    if (life > 0) this.#after(life * 1000, () => fail("timeout", "the window was closed after closePopupWindowAfterInSeconds"));
    const abort = () => this.#end.reject(aborted(signal));
    if (signal?.aborted) abort();
    this.#on(signal, "abort", abort);
    this.#on(globalThis, "message", ({ origin, source, data }) => {
      if (origin !== location.origin || source !== this.#window) return;
      this.#channel?.postMessage("heard"); // nobody may listen when its other message comes
      this.#answer(data);
    });
  }

  /** Sends the window to url, by a form if there is an action, and waits for the answer. */
  visit(url, state, timeout, action) {
    this.#channel = hear(state, (answer) => this.#answer(answer));
    this.#undo.push(() => this.#channel.close());
    this.#after(timeout, () => this.#end.reject(failure("timeout", "no answer came from the window")));
    this.#sent = true;
    this.#window.focus();
    if (action) return Promise.race([this.ended, submit(url, action, this.#window).then(() => this.ended)]);
    this.#window.location.replace(url);
    return this.ended;
  }

  /** Its call has settled. */
  leave() {
    for (const undo of this.#undo) undo();
    if (!this.keepOpen) this.#window.close();
  }

  #answer(given) {
    const data = own(given);
    if (!isAnswer(data)) return;
    this.keepOpen = data.keepOpen;
    if (!this.keepOpen) this.#window.close();
    this.#end.resolve({ url: data.url });
  }

  /**
   * Finds out whether the window was closed. Where Cross-Origin-Opener-Policy
   * has cut it off, it looks closed, too: a few milliseconds after another
   * origin has come up in it, or instead. Then nothing is said before somebody
   * comes back to the page.
   */
  #look(timer, fail) {
    const foreign = isForeign(this.#window);
    if (!this.#window.closed) {
      this.#foreign += Number(foreign);
      return;
    }
    clearInterval(timer);
    const closed = () => fail("popup_closed", "the window was closed before the answer came");
    if (!this.#sent || !foreign && !SEVERS_BLANK) closed();
    else if (this.#foreign >= THERE) this.#after(POPUP_GRACE, closed);
    else if (this.#back) this.#after(POPUP_GRACE, () => fail("popup_severed", "the window cannot be seen, and no answer came"));
  }

  #on(target, type, listener) {
    target?.addEventListener(type, listener);
    this.#undo.push(() => target?.removeEventListener(type, listener));
  }

  #after(milliseconds, fn) {
    const timer = setTimeout(fn, milliseconds);
    this.#undo.push(() => clearTimeout(timer));
  }
}

/** Calls fn with the answer of a window that has no opener, until the channel is closed. */
function hear(state, fn) {
  const channel = new BroadcastChannel(`oidc-client-popup-${state}`);
  channel.onmessage = ({ data: given }) => {
    const data = own(given);
    if (!isAnswer(data)) return;
    channel.postMessage("heard"); // it closes itself then
    fn(data);
  };
  addEventListener("pagehide", () => channel.close(), { __proto__: null, once: true });
  return channel;
}

function isAnswer(data) {
  return data.source === "oidc-client" && typeof data.url === "string";
}

function isForeign(other) {
  try {
    return other.location.href === "";
  } catch {
    return true;
  }
}
