// The app that the end-to-end tests drive: what a developer writes first, and
// nothing else. Tests call globalThis.um.
import * as oidc from "./oidcspa.js";

const parameters = new URLSearchParams(`${location.search}&${location.hash.slice(1)}`);
const { others = [], ...settings } = await (await fetch("config.json")).json();

globalThis.oidc = oidc;
globalThis.others = others.map((other) => new oidc.UserManager({ ...settings, ...other })); // with other providers
globalThis.settings = settings;
const start = performance.now();
globalThis.um = new oidc.UserManager(settings);
const guest = parent !== window || window.opener;
const returns = parameters.has("state") || parameters.has("response") || guest && parameters.has("error");
globalThis.firstUser = returns ? null : um.getUser().then((user) => [user, performance.now() - start]);
globalThis.firstUser?.catch(() => {});
globalThis.heard = [];
for (const name of ["UserLoaded", "UserUnloaded", "AccessTokenExpiring", "AccessTokenExpired", "SilentRenewError"]) {
  um.events[`add${name}`](() => heard.push(name));
}

// Never for a tab that leaves once more.
const settle = () => { globalThis.settled = true; };

// A sign-in comes back with a response, a sign-out with nothing but a state.
if (returns && ["code", "error", "response"].some((name) => parameters.has(name))) {
  globalThis.callback = parameters.has("keep") ? um.signinPopupCallback(undefined, true) : um.signinCallback();
  callback.catch(() => {}).then(settle);
  if (sessionStorage.getItem("twice")) {
    sessionStorage.removeItem("twice");
    globalThis.callback = Promise.all([callback, um.signinCallback()]);
  }
} else if (parameters.has("state")) {
  globalThis.callback = um.signoutCallback();
  callback.catch(() => {}).then(settle);
}
globalThis.ready = true;
