// A clock that the tests set, in the page and in the worker, and ears for
// what must not happen. `offset` stands before this script: milliseconds.
(() => {
  if (globalThis.setClock) return; // the program runs in the page
  const RealDate = Date;
  const now = performance.now.bind(performance);
  const clock = { wall: offset.wall, monotonic: offset.monotonic };
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() + clock.wall);
      else super(...args);
    }

    static now() { return RealDate.now() + clock.wall; }
  };
  performance.now = () => now() + clock.monotonic;

  const report = (text) => { fetch("/problems", { method: "POST", keepalive: true, body: `${where}: ${text}` }).catch(() => {}); };
  const where = globalThis.document ? "page" : "worker";
  addEventListener("unhandledrejection", ({ reason }) => report(`unhandled rejection: ${reason?.code ?? reason}`));
  addEventListener("error", ({ message }) => { if (message) report(`error: ${message}`); });
  const { error } = console;
  console.error = (...args) => {
    report(`console.error: ${args.join(" ")}`);
    error.apply(console, args);
  };

  // Every page and worker of the origin follows; workers say so.
  const channel = new BroadcastChannel("fault");
  channel.addEventListener("message", ({ data }) => {
    if (data.set) Object.assign(clock, data.set);
    if (data.set && where === "worker") channel.postMessage({ done: data.id });
  });
  globalThis.setClock = (set, wait) => new Promise((resolve) => {
    Object.assign(clock, set);
    if (!wait) resolve(true);
    const id = Math.random();
    channel.addEventListener("message", ({ data }) => { if (data.done === id) resolve(true); });
    channel.postMessage({ set, id });
  });
})();
