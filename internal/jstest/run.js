// @ts-check
// Runs the test program in this realm, the page or a dedicated worker, and
// posts all it says to the runner. The posts are synchronous: what was written
// has arrived, also when the program ends, hangs or crashes right after.

import "./wasm_exec.js";

/**
 * @param {string} path
 * @param {BufferSource | string} [body]
 */
const post = (path, body) => {
  const request = new XMLHttpRequest();
  request.open("POST", path, false);
  request.send(/** @type {any} */ (body));
};

/** @param {unknown} reason */
const fail = (reason) => {
  const text = reason instanceof Error ? reason.stack ?? String(reason) : String(reason);
  post("fail", "uncaught in JavaScript: " + text + "\n");
};

addEventListener("error", (event) => fail(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => fail(event.reason));

for (const level of /** @type {const} */ (["debug", "log", "info", "warn", "error"])) {
  console[level] = (...args) => post("write?fd=2", "console." + level + ": " + args.join(" ") + "\n");
}

/**
 * @param {number} fd
 * @param {Uint8Array} bytes
 */
globalThis.fs.writeSync = (fd, bytes) => {
  post("write?fd=" + fd, bytes);
  return bytes.length;
};

const { argv, env } = await (await fetch("config.json")).json();
const go = new globalThis.Go();
go.argv = argv;
go.env = env;
go.exit = (/** @type {number} */ code) => post("exit?code=" + code);
const { instance } = await WebAssembly.instantiateStreaming(fetch("test.wasm"), go.importObject);
await go.run(instance);
