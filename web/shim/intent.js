// @ts-check
// When somebody may be about to sign in.

/** Elements that lead to a sign-in have this attribute. */
const MARKED = "[data-oidcspa-signin]";

/** What somebody does before a click. */
const SIGNS = ["pointerover", "focusin", "pointerdown"];

/**
 * Calls prepare, once: on "intent" when somebody comes near a marked element, on
 * "idle" when the page has nothing else to do. Until signal is aborted.
 */
export function watchIntent(when, prepare, signal) {
  if (signal.aborted) return;
  if (when === "idle") {
    (globalThis.requestIdleCallback ?? setTimeout)(prepare);
    return;
  }
  const done = new AbortController();
  signal.addEventListener("abort", () => done.abort());
  const look = ({ target }) => {
    if (!target.closest?.(MARKED)) return;
    done.abort();
    prepare();
  };
  for (const sign of SIGNS) addEventListener(sign, look, { __proto__: null, capture: true, passive: true, signal: done.signal });
}
