// Counts the calls of the app, so that none is left without an answer.
(() => {
  const pending = new Map();
  let last = 0;
  globalThis.calls = { made: 0, settled: 0, pending };

  const track = (name, promise) => {
    const id = ++last;
    const settled = () => {
      pending.delete(id);
      calls.settled++;
    };
    calls.made++;
    pending.set(id, name);
    promise.then(settled, settled);
    return promise;
  };
  globalThis.tracked = (manager) => new Proxy(manager, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      return (...args) => {
        const result = value.apply(target, args);
        return result instanceof Promise ? track(name, result) : result;
      };
    },
  });
  let manager;
  Object.defineProperty(globalThis, "um", {
    get() { return manager; },
    set(value) { manager = tracked(value); },
  });
})();
