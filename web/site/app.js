// @ts-check
import { UserManager } from "./oidcspa.js";
import { explain } from "./messages.js";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const here = new URL("./", location.href);
const host = new URLSearchParams(location.search).get("host");

/** @type {UserManager} */
let manager;
/** The address of the API, from config.json. */
let api = "";
/** The session that is shown, or null. @type {any} */
let shown = null;
/** Seconds that the access token had when it came, for the meter. */
let lifetime = 1;

/**
 * @param {string} text
 * @param {boolean} [bad]
 */
function log(text, bad = false) {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  item.append(time, text);
  item.classList.toggle("bad", bad);
  element("log").prepend(item);
}

/** @param {any} error */
function showProblem(error) {
  const { text, code } = explain(error);
  element("problem-text").textContent = text;
  element("problem-code").textContent = code;
  element("problem").hidden = false;
  log(`${text} (${code})`, true);
}

function hideProblem() {
  element("problem").hidden = true;
}

/** @param {any} user */
function show(user) {
  const changed = shown?.profile.sub !== user?.profile.sub;
  shown = user;
  document.body.dataset.state = user ? "signed-in" : "signed-out";
  element("status").textContent = user ? "Signed in" : "Signed out";
  if (changed) element("api-answer").textContent = "Not called yet.";
  if (!user) {
    element("claims").replaceChildren();
    return;
  }
  lifetime = Math.max(user.expires_in ?? 1, 1);
  showCosts().catch(showProblem);
  const { profile } = user;
  element("name").textContent = String(profile.name ?? profile.preferred_username ?? profile.sub);
  element("claims").replaceChildren(...Object.entries(profile).map(claimRow));
  tick();
}

const times = new Set(["exp", "iat", "nbf", "auth_time", "updated_at"]);

/** @param {[string, any]} claim */
function claimRow([name, value]) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const cell = document.createElement("td");
  cell.textContent = typeof value === "string" ? value : JSON.stringify(value);
  if (times.has(name)) cell.textContent += ` (${new Date(value * 1000).toLocaleString()})`;
  row.append(head, cell);
  return row;
}

/** Shows what the session has cost since the program started. */
async function showCosts() {
  const { requests, renewals, restores } = await manager.stats();
  const rows = { ...requests, ...(renewals.count && { renewals }), ...(restores.count && { restores }) };
  element("costs").replaceChildren(...Object.entries(rows).map(([name, cost]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    row.append(head, ...[cost.count, cost.failed, cost.time].map((value) => {
      const cell = document.createElement("td");
      cell.textContent = String(value);
      return cell;
    }));
    return row;
  }));
}

function tick() {
  if (!shown) return;
  if (shown.expires_at === undefined) {
    element("countdown").textContent = "The provider did not say when the access token expires.";
    return;
  }
  const left = Math.max(0, Math.round(shown.expires_at - Date.now() / 1000));
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  element("countdown").textContent =
    left > 0 ? `The access token expires in ${clock} and is renewed before that.` : "The access token has expired.";
  element("meter").style.transform = `scaleX(${Math.min(1, left / lifetime)})`;
}

/** @param {string} code @param {string} message */
const failure = (code, message) => Object.assign(new Error(message), { code });

async function callAPI() {
  try {
    element("api-answer").textContent = JSON.stringify(await askAPI(), null, 2);
  } catch (error) {
    element("api-answer").textContent = `No answer (${error.code}).`;
    throw error;
  }
}

async function askAPI() {
  // The worker adds the access token: this page does not see it.
  const response = await manager.fetch(api).catch((error) => {
    throw ["network", "cors_refused"].includes(error.code) ? failure("api_unreachable", "no answer") : error;
  });
  log(`The API answered with status ${response.status}`, !response.ok);
  if (response.status === 401) throw failure("api_refused", "status 401");
  if (response.status === 403) throw failure("insufficient_scope", "status 403");
  if (!response.ok) throw failure("api_failed", `status ${response.status}`);
  return response.json();
}

/**
 * Makes a button do something once at a time, and shows why it failed.
 *
 * @param {string} id
 * @param {() => Promise<unknown>} action
 */
function onClick(id, action) {
  const button = /** @type {HTMLButtonElement} */ (element(id));
  button.addEventListener("click", async () => {
    button.disabled = true;
    hideProblem();
    try {
      await action();
    } catch (error) {
      showProblem(error);
    } finally {
      button.disabled = false;
    }
  });
}

function listen() {
  const { events } = manager;
  events.addUserLoaded((/** @type {any} */ user) => {
    log("Session loaded");
    show(user);
  });
  events.addUserUnloaded((/** @type {any} */ reason) => {
    log("Session ended");
    show(null);
    if (reason) showProblem(reason);
  });
  events.addRestoreError((/** @type {any} */ error) => log(`No session to restore (${error.error ?? error.code})`));
  events.addAccessTokenExpiring(() => log("The access token is about to expire"));
  events.addAccessTokenExpired(() => log("The access token has expired", true));
  events.addStepUpRequired(() => log("The API wants a stronger sign-in", true));
  events.addSilentRenewError((/** @type {any} */ error) => showProblem(error));
  onClick("sign-in", () => manager.signinRedirect());
  onClick("renew", async () => {
    show(await manager.signinSilent());
    log("Renewed: new tokens, without leaving the page");
  });
  onClick("call-api", callAPI);
  onClick("sign-out", () => manager.signoutRedirect());
  setInterval(tick, 1000);
}

/** Finishes what brought the browser here, and returns the session, if any. */
async function restore() {
  const params = new URLSearchParams(location.search);
  if (params.has("code") || params.has("error")) {
    log("Back from the provider");
    return manager.signinCallback();
  }
  if (params.has("state")) {
    log("Back from signing out");
    await manager.signoutCallback();
  }
  return manager.getUser();
}

async function loadConfig() {
  const response = await fetch("./config.json").catch(() => null);
  if (!response?.ok) throw failure("config_not_found", "config.json");
  return response.json();
}

async function main() {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("[data-host]"))) {
    if (link.dataset.host === (host ?? "")) link.setAttribute("aria-current", "true");
  }
  try {
    const config = await loadConfig();
    api = new URL(config.api, here).href;
    manager = new UserManager({
      authority: config.authority,
      client_id: config.client_id,
      scope: config.scope,
      redirect_uri: new URL("callback.html", here).href,
      post_logout_redirect_uri: here.href,
      fetch: { allow: [api], stepUp: "redirect" },
      ...(host && { host }),
    });
  } catch (error) {
    document.body.dataset.state = "broken";
    element("status").textContent = "Out of order";
    showProblem(error);
    return;
  }
  listen();
  try {
    show((await restore()) ?? null);
  } catch (error) {
    showProblem(error);
    // What failed may be an answer that came twice; the session is still there.
    show((await manager.getUser().catch(() => null)) ?? null);
  }
}

// A page that comes back out of the browser's memory is as old as it was.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

await main();
