// @ts-check
// What a page does when its program ends, or when it was away itself.

/** The longest pause, and after which time without a loss the pauses begin anew, in milliseconds. */
const LONGEST_PAUSE = 60_000;

/** Pauses that grow from loss to loss, so that a program that always ends is not started all the time. */
export class Backoff {
  #losses = 0;
  #last = -Infinity;

  pause() {
    const now = performance.now();
    this.#losses = now - this.#last < 2 * LONGEST_PAUSE ? this.#losses + 1 : 0;
    this.#last = now;
    const longest = Math.min(LONGEST_PAUSE, 200 * 2 ** this.#losses);
    return new Promise((resolve) => setTimeout(resolve, longest * (1 + Math.random()) / 2));
  }
}

/** Tells two states of a session apart, without keeping a token. */
export function stampOf(user) {
  return user ? `${user.profile.sub ?? ""} ${user.expires_at}` : "nobody";
}
