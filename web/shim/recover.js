// @ts-check
// What a manager does when its program has ended.

import { pause } from "./connection.js";

/** The longest pause, and after which time without a loss the pauses begin anew, in milliseconds. */
const LONGEST_PAUSE = 60_000;

/**
 * Has a manager ask for a new program, until there is one that goes on: again
 * resolves to false where it has ended, too. The pauses grow from loss to loss, so
 * that a program that always ends is not started all the time. loss is what has
 * become of the manager's programs before.
 */
export async function recover(loss, again) {
  if (loss.asks) return;
  do {
    loss.asks = true;
    const now = performance.now();
    loss.count = now - loss.last < 2 * LONGEST_PAUSE ? loss.count + 1 : 0;
    loss.last = now;
    await pause(Math.min(LONGEST_PAUSE, 200 * 2 ** loss.count) * (1 + Math.random()) / 2);
    loss.asks = !await again();
  } while (loss.asks);
}
