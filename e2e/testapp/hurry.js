// Stands before the scripts of pages and workers: the pauses after which a file
// that is not there is asked for again take no time, and are counted.
if (!globalThis.waits) {
  const { setTimeout } = globalThis;
  const pauses = Array.from({ length: 10 }, (_, n) => 265 * 1.5 ** n);
  globalThis.waits = [];
  globalThis.setTimeout = (fn, wait, ...args) => {
    const again = pauses.includes(wait);
    if (again) waits.push(wait);
    return setTimeout(fn, again ? 0 : wait, ...args);
  };
}
