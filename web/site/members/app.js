// @ts-check
import { createOidc } from "../createoidc.js";
import { explain } from "../messages.js";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Who opens this address has to be signed in. */
const isProtected = location.pathname.endsWith("/area");

/** @param {any} error */
function showProblem(error) {
  const { text, code } = explain(error);
  element("problem-text").textContent = text;
  element("problem-code").textContent = code;
  element("problem").hidden = false;
}

/** @param {string} state @param {string} status */
function show(state, status) {
  document.body.dataset.state = state;
  element("status").textContent = status;
}

/**
 * Makes a button do something once at a time, and shows why it failed.
 *
 * @param {Element} button
 * @param {() => Promise<unknown>} action
 */
function onClick(button, action) {
  button.addEventListener("click", async () => {
    /** @type {HTMLButtonElement} */ (button).disabled = true;
    element("problem").hidden = true;
    try {
      await action();
    } catch (error) {
      showProblem(error);
    } finally {
      /** @type {HTMLButtonElement} */ (button).disabled = false;
    }
  });
}

/** @param {any} oidc @param {string} api */
function showMember(oidc, api) {
  const { name, preferred_username, sub } = oidc.getDecodedIdToken();
  element("name").textContent = String(name ?? preferred_username ?? sub);
  for (const button of document.querySelectorAll("[data-logout]")) {
    onClick(button, () => oidc.logout({ redirectTo: button.getAttribute("data-logout") }));
  }
  onClick(element("renew"), () => oidc.renewTokens());
  onClick(element("call-api"), async () => {
    const { accessToken } = await oidc.getTokens();
    const response = await fetch(api, { headers: { Authorization: `Bearer ${accessToken}` } });
    element("api-answer").textContent = JSON.stringify(await response.json(), null, 2);
  });
  const tell = (/** @type {any} */ { accessTokenExpirationTime, getServerDateNow }) => {
    const end = new Date(accessTokenExpirationTime).toLocaleTimeString();
    element("since").textContent = `Tokens of ${new Date(getServerDateNow()).toLocaleTimeString()}, renewed before ${end}.`;
  };
  oidc.getTokens().then(tell, showProblem);
  oidc.subscribeToTokensChange(tell);
}

async function main() {
  const { authority, client_id, scope, api } = await fetch("../config.json").then((response) => response.json());
  const oidc = await createOidc({
    issuerUri: authority,
    clientId: client_id,
    scopes: scope.split(" ").filter((/** @type {string} */ name) => name !== "openid"),
    autoLogoutParams: { redirectTo: "home" },
  });
  if (oidc.isUserLoggedIn) {
    showMember(oidc, new URL(api, new URL("../", location.href)).href);
    show(isProtected ? "area" : "signed-in", "Signed in");
    return;
  }
  if (isProtected && !oidc.initializationError) await oidc.login({ doesCurrentHrefRequiresAuth: true });
  onClick(element("login"), () => oidc.login({ doesCurrentHrefRequiresAuth: false }));
  show("signed-out", "Signed out");
  if (oidc.initializationError) showProblem(oidc.initializationError);
}

await main().catch((error) => {
  show("broken", "Out of order");
  showProblem(error);
});
