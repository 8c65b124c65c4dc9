// @ts-check
// What happens by the clock. These run several at once: waiting costs nothing.

/** @type {[string, any][]} */
export const timers = [];

/** How long tokens live, and how long before the end they count as expiring, in seconds: longer than a renewal on a busy machine. */
const LIFE = 12;
const NOTICE = 4;

/** How long something is waited for, in milliseconds. */
const LIMIT = 2_000 * LIFE;

/** A sign-in with a token that lives so many seconds, and then what its timers do. */
function timer(name, { life, settings = {}, tokens = {}, then }) {
  const all = { accessTokenExpiringNotificationTimeInSeconds: NOTICE, ...settings };
  timers.push([`timer ${name}`, [
    async (t) => {
      await t.provider({ tokens: { expires_in: life, ...tokens } });
      const um = t.manager();
      await t.leave(() => um.signinRedirect());
    },
    async (t) => {
      const um = t.manager(all);
      await um.signinCallback();
      await then(t, um);
    },
  ]]);
}

/** Waits for the end of a session that the provider refuses to renew. oidc-client-ts begins to renew again with each getUser(). */
async function refused(t, um) {
  await t.until("the end", () => t.count("SilentRenewError") + t.count("UserUnloaded") > 0, LIMIT);
  um.stopSilentRenew();
  await t.attempt("user", () => um.getUser().then((user) => user && user.access_token));
}

/** How often the provider was asked for tokens. */
async function requests(t) {
  return (await t.log()).filter((line) => line === "POST token").length;
}

const renew = { automaticSilentRenew: true };
const renewed = async (t, um) => {
  await t.heard("UserLoaded", 2, LIMIT);
  await t.pause(200);
  await t.attempt("user", () => um.getUser().then((user) => [user.access_token, user.refresh_token, user.expired]));
};

timer("expiring and expired", {
  life: LIFE,
  then: async (t, um) => {
    await t.provider({});
    await t.heard("AccessTokenExpired", 1, LIMIT);
    await t.attempt("user", () => um.getUser().then((user) => user?.expired));
  },
});
timer("expiring and expired of a short token", { life: 2, then: async (t) => { await t.heard("AccessTokenExpired", 1, LIMIT); } });
timer("no expires_in", { life: null, settings: renew, then: async (t) => { await t.pause(3000); } });
timer("renewal with the refresh token", { life: LIFE, settings: renew, then: async (t, um) => { await t.provider({}); await renewed(t, um); } });
timer("renewal in a frame", {
  life: LIFE, settings: renew, tokens: { refresh_token: null },
  then: async (t, um) => { await t.provider({ tokens: { refresh_token: null } }); await renewed(t, um); },
});
timer("renewal of short tokens", {
  life: 2, settings: renew,
  then: async (t) => { await t.pause(4000); t.show("often", await requests(t) > 2); },
});
timer("renewal refused", {
  life: LIFE, settings: renew,
  then: async (t, um) => {
    await t.provider({ signedOut: true, answers: { token: [{ status: 400, body: { error: "invalid_grant", error_description: "gone" } }] } });
    await refused(t, um);
  },
});
timer("renewal in a frame refused", {
  life: LIFE, settings: renew, tokens: { refresh_token: null },
  then: async (t, um) => {
    await t.provider({ signedOut: true });
    await refused(t, um);
  },
});
timer("renewal with an error of the server", {
  life: LIFE, settings: renew,
  then: async (t) => {
    await t.provider({ answers: { token: [{ status: 500, body: { no: "error" } }] } });
    await t.heard("SilentRenewError", 1, LIMIT);
  },
});
timer("renewal that takes too long", {
  life: LIFE, settings: { ...renew, silentRequestTimeoutInSeconds: 0.5 }, tokens: { refresh_token: null },
  then: async (t, um) => {
    await t.provider({ tokens: { refresh_token: null }, answers: { authorize: [{ hang: true }] } });
    await renewed(t, um);
  },
});
timer("setting maxSilentRenewTimeoutRetries", {
  life: LIFE, settings: { ...renew, silentRequestTimeoutInSeconds: 0.5, maxSilentRenewTimeoutRetries: 0 }, tokens: { refresh_token: null },
  then: async (t) => {
    await t.provider({ answers: { authorize: [{ hang: true }] } });
    await t.heard("SilentRenewError", 1, LIMIT);
  },
});
timer("startSilentRenew", {
  life: LIFE,
  then: async (t, um) => { await t.provider({}); await t.attempt("start", async () => um.startSilentRenew()); await renewed(t, um); },
});
timer("stopSilentRenew", {
  life: LIFE, settings: renew,
  then: async (t, um) => { await t.attempt("stop", async () => um.stopSilentRenew()); await t.heard("AccessTokenExpired", 1, LIMIT); },
});
timer("events.load", {
  life: 3600,
  then: async (t, um) => {
    const user = await um.getUser();
    user.expires_in = 3;
    await t.attempt("load", () => um.events.load(user));
    await t.heard("AccessTokenExpired", 1, LIMIT);
  },
});
timer("events.unload", {
  life: 4,
  then: async (t, um) => { await t.attempt("unload", () => um.events.unload()); await t.pause(6000); },
});
for (const [name, settings] of Object.entries({ "without renewal": {}, "with renewal": renew })) {
  timers.push([`timer expired at the start ${name}`, [
    async (t) => {
      await t.provider({ tokens: { expires_in: 1 } });
      const um = t.manager();
      await t.leave(() => um.signinRedirect());
    },
    async (t) => {
      const user = await t.manager().signinCallback();
      await t.provider({});
      await t.until("expiry", () => user.expired);
      await t.leave(() => location.replace("/back"));
    },
    async (t) => {
      const um = t.manager(settings);
      await t.attempt("user", () => um.getUser().then((user) => [user.access_token, user.expired]));
      await t.pause(1500);
    },
  ]]);
}
