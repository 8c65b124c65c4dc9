// @ts-check
// Navigators of the app's own (INavigator), in the place of redirects, windows
// and frames.

import { visit } from "./client.js";

/** @type {[string, any][]} */
export const navigators = [];

/** Goes to the provider in a hidden frame, and writes down what it is asked. */
function navigator(t, { prepare = undefined, navigate = visit } = {}) {
  return {
    async prepare(params) {
      t.show("prepare", typeof params);
      await prepare?.();
      return {
        async navigate({ url, state, response_mode }) {
          t.show("navigate", { state: state === new URL(url).searchParams.get("state")?.split(";")[0], response_mode });
          return { url: await navigate(url) };
        },
        close() { t.say("close"); },
      };
    },
    async callback(url, params) { t.show("callback", [url, params]); },
  };
}

async function fails() {
  throw new Error("not now");
}

/** A UserManager with navigators of the app. */
function manager(t, { redirect = undefined, popups = undefined, frames = undefined, settings = {} }) {
  const uri = `${t.app}/suite/frame.html`;
  const all = t.settings({ redirect_uri: uri, popup_redirect_uri: uri, silent_redirect_uri: uri, post_logout_redirect_uri: uri, popup_post_logout_redirect_uri: uri, ...settings });
  return t.listen(new t.lib.UserManager(all, redirect, popups, frames));
}

function scenario(name, act) {
  navigators.push([`navigator ${name}`, act]);
}

/** A navigator for redirects that keeps where it ended. */
function redirects(t, ends) {
  return navigator(t, { navigate: async (url) => { ends.push(await visit(url)); return ends.at(-1); } });
}

scenario("for redirects", async (t) => {
  const ends = [];
  const um = manager(t, { redirect: redirects(t, ends) });
  await t.attempt("redirect", () => um.signinRedirect({ state: 1, url_state: "u" }));
  await t.attempt("callback", () => um.signinRedirectCallback(ends[0]));
  await t.attempt("signout", () => um.signoutRedirect());
  await t.attempt("signout callback", () => um.signoutRedirectCallback(ends[1]).then(({ userState }) => userState));
});
scenario("for redirects with a fragment", async (t) => {
  const ends = [];
  const um = manager(t, { redirect: redirects(t, ends), settings: { response_mode: "fragment" } });
  await t.attempt("redirect", () => um.signinRedirect());
  await t.attempt("callback", () => um.signinRedirectCallback(ends[0]));
});
scenario("for redirects that fails", async (t) => {
  const um = manager(t, { redirect: navigator(t, { navigate: fails }) });
  await t.attempt("redirect", () => um.signinRedirect());
});
scenario("for redirects that cannot begin", async (t) => {
  const um = manager(t, { redirect: navigator(t, { prepare: fails }) });
  await t.attempt("redirect", () => um.signinRedirect());
});
scenario("for popups", async (t) => {
  const um = manager(t, { popups: navigator(t) });
  await t.attempt("popup", () => um.signinPopup({ state: 1, url_state: "u" }));
  await t.attempt("user", () => um.getUser());
  await t.attempt("signout", () => um.signoutPopup());
  await t.attempt("user", () => um.getUser());
});
scenario("for popups, refused", async (t) => {
  await t.provider({ callback: { code: null, error: "access_denied", error_description: "no" } });
  const um = manager(t, { popups: navigator(t) });
  await t.attempt("popup", () => um.signinPopup());
});
scenario("for popups that fails", async (t) => {
  const um = manager(t, { popups: navigator(t, { navigate: fails }) });
  await t.attempt("popup", () => um.signinPopup());
  await t.attempt("user", () => um.getUser());
});
scenario("for popups that cannot begin", async (t) => {
  const um = manager(t, { popups: navigator(t, { prepare: fails }) });
  await t.attempt("popup", () => um.signinPopup());
});
scenario("for popups, without metadata", async (t) => {
  await t.provider({ answers: { discovery: [{ status: 404, body: {} }] } });
  const um = manager(t, { popups: navigator(t) });
  await t.attempt("popup", () => um.signinPopup(), { code: "http_status" });
});
scenario("for frames", async (t) => {
  const um = manager(t, { frames: navigator(t) });
  await t.attempt("silent", () => um.signinSilent());
  await t.attempt("user", () => um.getUser());
});
scenario("for frames that fails", async (t) => {
  const um = manager(t, { frames: navigator(t, { navigate: fails }) });
  await t.attempt("silent", () => um.signinSilent(), { code: "aborted" });
});
scenario("for frames that fails with a timeout", async (t) => {
  const um = manager(t, { frames: navigator(t, { navigate: async () => { throw new t.lib.ErrorTimeout("late"); } }) });
  await t.attempt("silent", () => um.signinSilent(), { code: "timeout", error: "ErrorTimeout" });
});
scenario("callbacks", async (t) => {
  const named = (name) => ({ ...navigator(t), async callback(url, params) { t.show(name, [url, params]); } });
  const um = manager(t, { redirect: named("redirect"), popups: named("popups"), frames: named("frames") });
  const url = `${t.app}/back?state=s`;
  await t.attempt("popup", () => um.signinPopupCallback(url));
  await t.attempt("popup that stays", () => um.signinPopupCallback(url, true));
  await t.attempt("popup sign-out", () => um.signoutPopupCallback(url, true));
  await t.attempt("silent", () => um.signinSilentCallback(url));
  await t.attempt("silent sign-out", () => um.signoutSilentCallback(url));
});
scenario("for redirects that is not asynchronous", async (t) => {
  const ends = [];
  const um = manager(t, { redirect: { prepare: () => ({ navigate: ({ url }) => { ends.push(url); }, close: () => t.say("close") }) } });
  await t.attempt("redirect", () => um.signinRedirect());
  t.show("ends", ends.length);
});
scenario("for frames that throws", async (t) => {
  const um = manager(t, { frames: { prepare() { throw new Error("not now"); } } });
  await um.metadataService.getMetadata();
  await t.attempt("silent", () => um.signinSilent(), { code: "aborted" });
  await t.pause(200);
});
scenario("for redirects, twice", async (t) => {
  const ends = [];
  const um = manager(t, { redirect: redirects(t, ends) });
  await t.provider({ answers: { discovery: [{ status: 500, body: {} }] } });
  await t.attempt("redirect", () => um.signinRedirect(), { code: "http_status" });
  await t.provider({});
  await t.attempt("again", () => um.signinRedirect());
  await t.attempt("callback", () => um.signinRedirectCallback(ends[0]).then((user) => user.access_token));
});
scenario("for popups with a frame of the library", async (t) => {
  const um = manager(t, { popups: navigator(t), settings: { silent_redirect_uri: `${t.app}/window` } });
  t.plan((um) => um.signinSilentCallback());
  await t.attempt("silent", () => um.signinSilent());
});
