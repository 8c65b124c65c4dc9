// An app that signs people in, the same for every client: connect(settings)
// of the client's own file returns { signin, callback, user, prepare }. What happens and
// when goes to the server, in milliseconds since the epoch, so that nobody
// asks the page while it is measured.
import { connect } from "client";

const settings = JSON.parse(document.getElementById("settings").textContent);
const parameters = new URLSearchParams(location.search);
const client = connect(settings);
const button = document.querySelector("button");

const report = (name, extra = {}) => navigator.sendBeacon("/report", JSON.stringify({ name, at: Date.now(), ...extra }));
const failed = (error) => report("failed", { error: String(error?.stack ?? error) });

// The app's wish to be ready: somebody points at the button.
if (parameters.has("intent")) button.addEventListener("pointerenter", () => client.prepare?.());
button.addEventListener("click", () => {
  sessionStorage.setItem("bench.click", Date.now());
  client.signin().catch((error) => error.code === "aborted" || failed(error)); // by leaving
});

globalThis.client = client;
try {
  if (parameters.has("code") || parameters.has("error")) {
    const user = await client.callback();
    const at = Date.now();
    history.replaceState(null, "", location.pathname);
    report("signed in", { at, click: Number(sessionStorage.getItem("bench.click")), subject: user.profile.sub });
  } else {
    const start = performance.now();
    const user = await client.user();
    report("loaded", { took: performance.now() - start, subject: user?.profile.sub ?? "" });
  }
} catch (error) {
  failed(error);
}
