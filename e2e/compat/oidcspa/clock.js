// @ts-check
// What happens by the clock. These run several at once: waiting costs nothing.

import { group, signIn, signedOut, start, who } from "./parts.js";

const { all, row } = group("clock", { at: "/orders?x=1" });
export const clock = all;

/** How long a refresh token lives, in seconds: the shortest that both take for a session without activity. */
const LIFE = 46;

const short = { ...signedOut, tokens: { refresh_expires_in: LIFE } };

/** Who does nothing for so long, and where the tab is then. */
function idle(name, scenario) {
  row(`idle ${name}`, {
    script: short,
    parts: [signIn, async (t) => {
      const oidc = await t.open(), ticks = [];
      oidc.subscribeToAutoLogoutCountdown(({ secondsLeft }) => {
        ticks.push(secondsLeft);
        t.kept.ticks = ticks.length;
        t.kept.steps = ticks.every((tick, i) => i === 0 || Math.abs(ticks[i - 1] - tick - 1) <= 1);
      });
      await t.leave(() => t.pause(LIFE * 1500), LIFE * 1500);
    }, async (t) => {
      t.show("countdown", [t.kept.ticks > 5, t.kept.steps]);
      await t.start();
    }],
    ...scenario,
  });
}
idle("current page", {});
idle("home", { params: { autoLogoutParams: { redirectTo: "home" } } });
idle("specific url", { params: { autoLogoutParams: { redirectTo: "specific url", url: "/bye?y=2" } } });
idle("specific url of a getter", { params: { autoLogoutParams: { redirectTo: "specific url", get url() { return `/bye?from=${location.pathname}`; } } } });
idle("idleSessionLifetimeInSeconds", { script: signedOut, params: { idleSessionLifetimeInSeconds: LIFE } });

/** One that lives longer: there it is renewed 30 s before its end, here once a third of its life is left, or a sixth. */
const LONGER = 90, RENEWED = 78;

row("refresh token of who is active", {
  script: { ...signedOut, tokens: { refresh_expires_in: LONGER } },
  parts: [signIn, async (t) => {
    const oidc = await t.open();
    for (let second = 0; second < RENEWED; second++) {
      for (const move of [new PointerEvent("pointermove", { bubbles: true }), new MouseEvent("mousemove", { bubbles: true })]) document.dispatchEvent(move);
      await t.pause(1000);
    }
    t.show("renewed", (await oidc.getTokens()).refreshToken !== "refresh-1");
  }],
});
row("getTokens of a token that ends soon", {
  script: { ...signedOut, tokens: { expires_in: 32 } },
  parts: [signIn, async (t) => {
    const oidc = await t.open();
    const { accessToken } = await oidc.getTokens();
    await t.provider({});
    await t.pause(6000);
    t.show("renewed", (await oidc.getTokens()).accessToken !== accessToken);
    t.show("again", (await oidc.getTokens()).accessToken !== accessToken);
  }],
});
/** Has the pages of the app below /policy/ come with a policy from now on; without a value with none. */
const setPolicy = (value) => { document.cookie = `policy=${encodeURIComponent(value)}; path=/policy/; max-age=${value ? 600 : 0}`; };

/** A session that is not found again, as a policy keeps the frame from it, and what the next page has. */
function refuses(name, policy) {
  row(name, {
    early: { BASE_URL: "/policy/" }, at: "/policy/orders",
    parts: [
      async (t) => { setPolicy(""); await signIn(t); },
      async (t) => { await t.open(); await t.provider({}); setPolicy(policy); await t.restart(); },
      async (t) => { await t.start(); setPolicy(""); },
    ],
  });
}
refuses("frame that the app refuses", "frame-ancestors 'none'");
refuses("frame that the page refuses", "frame-src 'none'");
row("frame that the app refuses from the start", {
  early: { BASE_URL: "/policy/" }, at: "/policy/orders",
  parts: [async (t) => { setPolicy("frame-ancestors 'none'"); await signIn(t); }, async (t) => { await who(t); setPolicy(""); }],
});
row("frame that does not answer", {
  parts: [signIn, async (t) => { await t.open(); await t.provider({ answers: { authorize: [{ hang: true }, { hang: true }] } }); await t.restart(); }, start],
});
row("frame that shows a page", {
  parts: [signIn, async (t) => { await t.open(); await t.provider({ answers: { authorize: [{ type: "text/html", body: "<!doctype html>" }, { type: "text/html", body: "<!doctype html>" }] } }); await t.restart(); }, start],
});
