// @ts-check
// What a page does when its program ends, or when it was away itself.

import { pause } from "./connection.js";

/** The longest pause, and after which time without a loss the pauses begin anew, in milliseconds. */
const LONGEST_PAUSE = 60_000;

/** Pauses that grow from loss to loss, so that a program that always ends is not started all the time. */
export function backoff() {
  let losses = 0, last = -Infinity;
  return () => {
    const now = performance.now();
    losses = now - last < 2 * LONGEST_PAUSE ? losses + 1 : 0;
    last = now;
    return pause(Math.min(LONGEST_PAUSE, 200 * 2 ** losses) * (1 + Math.random()) / 2);
  };
}

/** Tells two states of a session apart, without keeping a token. */
export function stampOf(user) {
  return user ? `${user.profile.sub ?? ""} ${user.expires_at}` : "nobody";
}

/** Resolves when the page comes back from the back/forward cache. */
export function shownAgain() {
  return new Promise((resolve) => addEventListener("pageshow", resolve, { __proto__: null, once: true }));
}
