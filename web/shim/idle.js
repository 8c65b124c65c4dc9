// @ts-check
// Tells when somebody is there, in this page or in another one of the origin.

/** What a person does. */
const ACTIVITIES = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart", "visibilitychange"];

/** The shortest time between two reports, in milliseconds. */
const ACTIVITY_PAUSE = 3_000;

/**
 * Calls report when somebody is there, and tells the other pages, whose
 * programs may be others, until signal is aborted. The result does the same at once.
 */
export function watchActivity(name, report, signal) {
  if (signal.aborted) return report;
  const channel = new BroadcastChannel(name);
  signal.addEventListener("abort", () => channel.close());
  let last = -Infinity;
  const tell = () => {
    last = performance.now();
    channel.postMessage(null);
    return report();
  };
  let heard = -Infinity;
  channel.onmessage = () => {
    if (performance.now() - heard < ACTIVITY_PAUSE) return;
    heard = performance.now();
    report();
  };
  for (const type of ACTIVITIES) {
    addEventListener(type, () => {
      if (document.hidden || performance.now() - last < ACTIVITY_PAUSE) return;
      tell();
    }, { __proto__: null, capture: true, passive: true, signal });
  }
  return tell;
}
