// @ts-check
// The session at the provider: whether it goes on, and who is signed in there
// (OpenID Connect Session Management 1.0).

/** @type {[string, any][]} */
export const monitor = [];

/** How long nothing has to happen, in milliseconds: several questions to the frame. */
const QUIET = 400;

const MONITORS = { monitorSession: true, checkSessionIntervalInSeconds: 0.1 };

/** A sign-in, and then a page on which the session is watched. */
function signin(name, { settings = {}, script = {}, then }) {
  monitor.push([`monitor ${name}`, [
    async (t) => {
      await t.provider({ session: "s1", ...script });
      const um = t.manager();
      await t.leave(() => um.signinRedirect());
    },
    async (t) => {
      await new t.lib.UserManager(t.settings()).signinCallback();
      await then(t, t.manager({ ...MONITORS, ...settings }));
    },
  ]]);
}

/** A page on which nobody has signed in. */
function nobody(name, { settings = {}, script = {}, then }) {
  monitor.push([`monitor ${name}`, async (t) => {
    await t.provider({ session: "s1", ...script });
    await then(t, t.manager({ ...MONITORS, ...settings }));
  }]);
}

/** Watching has begun: the frame was asked about this session. */
async function watched(t, state, answer = "unchanged") {
  await t.asked(`check app ${state}: ${answer}`);
}

/** What is left in the end, and whether anything else happens. */
async function quiet(t, um) {
  await t.pause(QUIET);
  await t.attempt("user", () => um.getUser().then((user) => user && [user.session_state, user.profile.sub]));
}

signin("unchanged", { then: async (t, um) => { await um.getUser(); await watched(t, "s1"); await quiet(t, um); } });
signin("off", { settings: { monitorSession: false }, then: async (t, um) => { await um.getUser(); await quiet(t, um); } });
signin("without session_state", { script: { callback: { session_state: null } }, then: async (t, um) => { await um.getUser(); await quiet(t, um); } });
signin("without check_session_iframe", { script: { metadata: { check_session_iframe: null } }, then: async (t, um) => { await um.getUser(); await quiet(t, um); } });
signin("another session", {
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await t.provider({ session: "s2" });
    await t.heard("UserSessionChanged");
    await watched(t, "s2");
    await quiet(t, um);
  },
});
signin("another person", {
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await t.provider({ session: "s2", claims: { sub: "another" } });
    await t.heard("UserSignedOut");
    await quiet(t, um);
  },
});
signin("signed out", {
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await t.provider({ session: "s2", signedOut: true });
    await t.heard("UserSignedOut");
    await quiet(t, um);
  },
});
signin("signed out with monitorAnonymousSession", {
  settings: { monitorAnonymousSession: true },
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await t.provider({ session: "s2", signedOut: true });
    await t.heard("UserSignedOut");
    if (t.ours) await watched(t, "s2");
    await quiet(t, um);
  },
});
signin("error", {
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await t.provider({ session: "s1", check: "error" });
    await watched(t, "s1", "error");
    await t.pause(QUIET / 2);
    await t.provider({ session: "s2" });
    await quiet(t, um);
  },
});
signin("error without stopCheckSessionOnError", {
  settings: { stopCheckSessionOnError: false },
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await t.provider({ session: "s1", check: "error" });
    await watched(t, "s1", "error");
    await t.provider({ session: "s2" });
    await t.heard("UserSessionChanged");
    await watched(t, "s2");
    await quiet(t, um);
  },
});
signin("removeUser", {
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await um.removeUser();
    await t.pause(500); // a question may be under way
    await t.provider({ session: "s2" });
    await quiet(t, um);
  },
});
signin("removeUser with monitorAnonymousSession", {
  settings: { monitorAnonymousSession: true },
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await um.removeUser();
    await t.until("the silent sign-in", async () => (await t.log()).filter((line) => line === "GET authorize").length > 1);
    await quiet(t, um);
  },
});
signin("SessionMonitor of the app", {
  settings: { monitorSession: false },
  then: async (t, um) => {
    await um.getUser();
    new t.lib.SessionMonitor(um);
    await watched(t, "s1");
    await t.provider({ session: "s2" });
    await t.heard("UserSessionChanged");
    await watched(t, "s2");
    await quiet(t, um);
  },
});
signin("after signinSilent", {
  then: async (t, um) => {
    await um.getUser();
    await watched(t, "s1");
    await um.signinSilent();
    await t.provider({ session: "s2" });
    await t.heard("UserSessionChanged");
    await quiet(t, um);
  },
});

nobody("nobody", { then: quiet });
nobody("nobody with monitorAnonymousSession", {
  settings: { monitorAnonymousSession: true },
  then: async (t, um) => { await watched(t, "s1"); await quiet(t, um); },
});
nobody("nobody, then another session", {
  settings: { monitorAnonymousSession: true },
  then: async (t, um) => {
    await watched(t, "s1");
    await t.provider({ session: "s2" });
    await t.heard("UserSessionChanged");
    await quiet(t, um);
  },
});
nobody("nobody, then signed out", {
  settings: { monitorAnonymousSession: true },
  then: async (t, um) => {
    await watched(t, "s1");
    await t.provider({ session: "s2", signedOut: true });
    await t.heard("UserSignedOut");
    if (t.ours) await watched(t, "s2");
    await quiet(t, um);
  },
});
nobody("nobody, then signed in", {
  settings: { monitorAnonymousSession: true }, script: { signedOut: true },
  then: async (t, um) => {
    await watched(t, "s1");
    await t.provider({ session: "s2" });
    await t.heard("UserSignedIn");
    if (t.ours) await watched(t, "s2");
    await quiet(t, um);
  },
});

// querySessionStatus
function query(name, { settings = {}, script = {}, args = undefined, code = undefined }) {
  monitor.push([`querySessionStatus ${name}`, [
    async (t) => t.leave(() => t.manager().signinRedirect()),
    async (t) => {
      const um = t.manager(settings);
      await um.signinCallback();
      await t.provider({ session: "s2", ...script });
      await t.attempt("status", () => um.querySessionStatus(args), { code });
      await t.attempt("user", () => um.getUser().then((user) => user && [user.session_state, user.access_token]));
    },
  ]]);
}
query("plain", {});
query("of another", { script: { claims: { sub: "another" } } });
query("without session_state", { script: { session: "" } });
query("signed out", { script: { signedOut: true }, code: "provider_error" });
query("signed out with monitorAnonymousSession", { settings: { monitorAnonymousSession: true }, script: { signedOut: true } });
query("refused with monitorAnonymousSession", { settings: { monitorAnonymousSession: true }, script: { callback: { code: null, error: "server_error" } }, code: "provider_error" });
query("arguments", { args: { scope: "openid a", extraQueryParams: { x: "y" }, login_hint: "ada" } });
query("argument silentRequestTimeoutInSeconds", { args: { silentRequestTimeoutInSeconds: 0.3 }, script: { answers: { authorize: [{ hang: true }] } }, code: "timeout" });
query("with userinfo", { settings: { loadUserInfo: true } });
monitor.push(["querySessionStatus of nobody", async (t) => {
  await t.provider({ session: "s1" });
  const um = t.manager();
  await t.attempt("status", () => um.querySessionStatus());
  await t.attempt("user", () => um.getUser());
}]);
