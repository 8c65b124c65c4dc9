// @ts-check
// Starts run.js where the address of the page says: ?host=page or ?host=worker.

/** @param {string} reason */
const fail = (reason) => fetch("fail", { method: "POST", body: reason + "\n" });

if (new URLSearchParams(location.search).get("host") === "page") {
  import("./run.js").catch((error) => fail(String(error)));
} else {
  const worker = new Worker("./run.js", { type: "module" });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail("the worker failed: " + (event.message ?? "its script did not load"));
  });
}
