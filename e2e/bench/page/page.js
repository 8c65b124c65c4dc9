// An app that signs people in, the same for every client. The client's own file
// exports connect(settings), which returns
//
//   signin(), user(), callback()   as they are named; user() asks nobody
//   restore()                      the user of a session that was there before
//   renew()                        new tokens
//   api(url)                       a request with the access token
//   token()                        the access token
//   prepare()                      if it can get ready
//
// and frame(), if it has pages in hidden frames: true there. What happens and
// when goes to the server, in milliseconds since the epoch, so that nobody asks
// the page while it is measured.
import * as library from "client";

const parameters = new URLSearchParams(location.search);
const button = document.querySelector("button");

const report = (name, extra = {}) => navigator.sendBeacon("/report", JSON.stringify({ name, at: Date.now(), ...extra }));
const failed = (error) => report("failed", { error: String(error?.stack ?? error) });

/** The settings, with those of the mode that the tab was opened in. */
function settingsOfTab() {
  const { modes, ...settings } = JSON.parse(document.getElementById("settings").textContent);
  const mode = parameters.get("mode") ?? sessionStorage.getItem("bench.mode");
  if (mode) sessionStorage.setItem("bench.mode", mode);
  return { ...settings, ...modes?.[mode] };
}

async function run() {
  const client = library.connect(settingsOfTab());
  globalThis.bench = { client, renew: () => timed(() => client.renew()), calls: (n, many) => calls(client.api, n, many), plainCalls };
  // The app's wish to be ready: somebody points at the button.
  if (parameters.has("intent")) button.addEventListener("pointerenter", () => client.prepare?.());
  button.addEventListener("click", () => {
    sessionStorage.setItem("bench.click", Date.now());
    client.signin().catch((error) => error.code === "aborted" || failed(error)); // by leaving
  });
  const click = sessionStorage.getItem("bench.click");
  if (click) {
    const user = await client.callback();
    const at = Date.now();
    sessionStorage.removeItem("bench.click");
    history.replaceState(null, "", location.pathname + "?restore");
    report("signed in", { at, click: Number(click), subject: user.profile.sub });
  } else {
    const user = await (parameters.has("restore") ? client.restore() : client.user());
    report("loaded", { took: performance.now(), subject: user?.profile.sub ?? "" });
  }
}

async function timed(act) {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

/** What n requests take, so many of them at a time. */
async function calls(api, n, many) {
  let left = n;
  const worker = async () => {
    while (left-- > 0) {
      const response = await api("/api/thing");
      if (!response.ok) throw new Error(`/api/thing: ${response.status}`);
      await response.json();
    }
  };
  return timed(() => Promise.all(Array.from({ length: many }, worker)));
}

/** The same, by a page that has the token in a variable. */
async function plainCalls(n, many) {
  const headers = { Authorization: `Bearer ${await bench.client.token()}` };
  return calls((url) => fetch(url, { headers }), n, many);
}

if (!library.frame?.()) run().catch(failed);
