// A program as users of oidc-client-ts write it. What its import stands for is
// said by the page's import map.

import { ErrorResponse, Log, User, UserManager } from "oidc-client-ts";

Log.setLogger(console);
Log.setLevel(Log.WARN);

const manager = new UserManager({
  authority: document.documentElement.dataset.authority,
  client_id: "app",
  redirect_uri: `${location.origin}/sample`,
  post_logout_redirect_uri: `${location.origin}/sample`,
  popup_redirect_uri: `${location.origin}/sample`,
  silent_redirect_uri: `${location.origin}/sample`,
  response_type: "code",
  scope: "openid profile",
  automaticSilentRenew: false,
});

const output = document.querySelector("output");
const events = [];
manager.events.addUserLoaded((user) => events.push(`loaded ${user.profile.sub}`));
manager.events.addUserUnloaded(() => events.push("unloaded"));
manager.events.addSilentRenewError((error) => events.push(`renew ${error.message}`));

/** Shows who is signed in, or what went wrong. */
async function show(act) {
  try {
    await act?.();
    const user = await manager.getUser();
    const who = user instanceof User && !user.expired ? `${user.profile.sub}, ${user.token_type}, ${user.scopes.join("+")}` : "nobody";
    output.value = `${who} [${events.join(", ")}]`;
  } catch (error) {
    output.value = error instanceof ErrorResponse ? `refused: ${error.error}` : `failed: ${error.message}`;
  }
}

const actions = {
  signin: () => manager.signinRedirect({ state: { from: "sample" } }),
  popup: () => manager.signinPopup(),
  silent: () => manager.signinSilent(),
  remove: () => manager.removeUser(),
  signout: () => manager.signoutRedirect(),
};
for (const [name, act] of Object.entries(actions)) {
  document.querySelector(`#${name}`).addEventListener("click", () => show(act));
}

const query = new URLSearchParams(location.search);
if (query.has("code") || query.has("error")) {
  await show(async () => {
    await manager.signinCallback();
    history.replaceState(null, "", "/sample");
  });
} else if (query.has("state")) {
  await show(async () => {
    await manager.signoutCallback();
    history.replaceState(null, "", "/sample");
  });
} else {
  await show();
}
