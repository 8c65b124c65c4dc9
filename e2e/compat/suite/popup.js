// @ts-check
// Sign-in and sign-out in popup windows.

/** @type {[string, any][]} */
export const popup = [];

/** When a promise that stays pending with oidc-client-ts is given up, in milliseconds. */
const PENDING = 700;

/** Waits until a page of the provider has come up in the last window, and a little longer. */
async function shown(t) {
  await t.until("a page of the provider", () => {
    try {
      return t.windows.at(-1).location.href === "";
    } catch {
      return true;
    }
  });
  await t.pause(200);
}

/** What answers with a page of the provider's that waits for somebody. */
const WAITS = { authorize: [{ type: "text/html", body: "<!doctype html><title>login" }] };

function resolve(t, value) {
  return typeof value === "function" ? value(t) : value;
}

/** pends says with whom the promise stays pending: "theirs" or "both". */
function wait(t, pends) {
  return pends === "both" || pends && !t.ours ? { limit: PENDING } : {};
}

/** What came of the callback in a window that stays. */
async function stays(t) {
  if (!window.plan.stays) return;
  await t.until("the end of the callback", () => "value" in window.plan || window.plan.failed);
  t.show("window", window.plan.value);
}

function signin(name, { settings = {}, args = {}, script = {}, plan = undefined, act = callback, during = undefined, pends = undefined, code = undefined, click = (t, act) => t.click(act), then = undefined }) {
  popup.push([`signinPopup ${name}`, async (t) => {
    await t.provider(script);
    const all = { popup_redirect_uri: `${t.app}/window`, ...resolve(t, settings) };
    const um = t.manager(all);
    t.plan(act, { settings: all, ...plan });
    await t.attempt("popup", () => {
      const result = click(t, () => um.signinPopup(resolve(t, args)));
      return Promise.all([result, during?.(t)]).then(([user]) => user);
    }, { code, ...wait(t, pends) });
    await stays(t);
    t.show("closed", t.windows.map(({ closed }) => closed));
    await t.attempt("user", () => um.getUser());
    await then?.(t, um);
  }]);
}

const callback = (um) => um.signinPopupCallback();

signin("plain", {});
signin("signinCallback", { act: (um) => um.signinCallback() });
signin("state and url_state", { args: { state: { a: [1] }, url_state: "u;v" } });
signin("arguments", { args: { scope: "openid a", prompt: "login", display: "touch", login_hint: "ada", acr_values: "b", max_age: 60, ui_locales: "en", extraQueryParams: { x: "y z" }, extraTokenParams: { z: "1" } } });
signin("without popup_redirect_uri", { settings: (t) => ({ popup_redirect_uri: undefined, redirect_uri: `${t.app}/window` }) });
signin("argument redirect_uri", { args: (t) => ({ redirect_uri: `${t.app}/window?other` }) });
signin("setting response_mode fragment", { settings: { response_mode: "fragment" } });
signin("setting popupWindowFeatures", { settings: { popupWindowFeatures: { width: 400, height: 300, left: 10, top: 20, menubar: true, resizable: "yes" } } });
signin("argument popupWindowFeatures", { args: { popupWindowFeatures: { width: 400, toolbar: true, status: "no" } } });
signin("argument popupWindowFeatures over setting", { settings: { popupWindowFeatures: { width: 400, height: 300 } }, args: { popupWindowFeatures: { height: 500 } } });
signin("setting popupWindowTarget", { settings: { popupWindowTarget: "signin" } });
signin("argument popupWindowTarget", { settings: { popupWindowTarget: "signin" }, args: { popupWindowTarget: "other" } });
signin("keepOpen", { act: (um) => um.signinPopupCallback(undefined, true), plan: { stays: true } });
signin("refused", { args: { state: { a: 1 }, url_state: "u" }, script: { callback: { code: null, error: "access_denied", error_description: "no" } }, code: "provider_error" });
signin("refused at the token endpoint", { script: { answers: { token: [{ status: 400, body: { error: "invalid_grant" } }] } }, code: "provider_error" });
signin("without metadata", { script: { answers: { discovery: [{ status: 404, body: {} }] } }, code: "http_status" });
signin("blocked", { click: (t, act) => act(), code: "popup_blocked" });
signin("closed", { script: { answers: WAITS }, during: close, pends: "theirs", code: "popup_closed" });
signin("closed with popupAbortOnClose", { args: { popupAbortOnClose: true }, script: { answers: WAITS }, during: close, code: "popup_closed" });
signin("closed without popupAbortOnClose", { args: { popupAbortOnClose: false }, script: { answers: WAITS }, during: close, pends: "both" });
signin("closed after closePopupWindowAfterInSeconds", { args: { popupWindowFeatures: { closePopupWindowAfterInSeconds: 0.5 } }, script: { answers: WAITS }, code: "timeout" });
signin("popupSignal", aborted());
signin("popupSignal with a reason", aborted("not now"));
signin("popupSignal before", { args: () => ({ popupSignal: AbortSignal.abort() }), script: { answers: WAITS }, pends: "theirs", code: "aborted" });
signin("without an opener", { plan: { severed: true } });
signin("without an opener, with url_state", { plan: { severed: true }, args: { url_state: "u" }, pends: "theirs" });
signin("after another", {
  then: async (t, um) => { await t.attempt("popup", () => t.click(() => um.signinPopup())); },
});
signin("then signinSilent", { then: async (t, um) => { await t.attempt("silent", () => um.signinSilent()); } });

async function close(t) {
  await t.asked("GET authorize");
  await shown(t);
  t.windows.at(-1).close();
}

function aborted(reason) {
  const controller = {};
  return {
    args: () => ({ popupSignal: (controller.now = new AbortController()).signal }),
    script: { answers: WAITS },
    during: async (t) => {
      await t.asked("GET authorize");
      await shown(t);
      controller.now.abort(reason);
    },
    code: "aborted",
  };
}

popup.push(["signinPopupCallback without a window", async (t) => {
  const um = t.manager();
  await t.attempt("callback", () => um.signinPopupCallback(`${t.app}/back`), { code: "state_unknown" });
}]);

function signout(name, { settings = {}, args = {}, script = {}, plan = undefined, act = outCallback, during = undefined, pends = undefined, code = undefined }) {
  popup.push([`signoutPopup ${name}`, async (t) => {
    const all = { popup_redirect_uri: `${t.app}/window`, popup_post_logout_redirect_uri: `${t.app}/window`, ...resolve(t, settings) };
    const um = t.manager(all);
    t.plan(callback, { settings: all });
    await t.click(() => um.signinPopup());
    await t.provider(script);
    t.plan(act, { settings: all, ...plan });
    await t.attempt("popup", () => {
      const result = t.click(() => um.signoutPopup(resolve(t, args)));
      return Promise.all([result, during?.(t)]).then(([nothing]) => nothing);
    }, { code, ...wait(t, pends) });
    await stays(t);
    t.show("closed", t.windows.map(({ closed }) => closed));
    await t.attempt("user", () => um.getUser());
  }]);
}

const outCallback = (um) => um.signoutPopupCallback();

signout("plain", {});
signout("signoutCallback", { act: (um) => um.signoutCallback() });
signout("without popup_post_logout_redirect_uri", { settings: (t) => ({ popup_post_logout_redirect_uri: undefined, post_logout_redirect_uri: `${t.app}/window` }) });
signout("without a redirect URI", { settings: () => ({ popup_post_logout_redirect_uri: undefined }), pends: "both" });
signout("argument post_logout_redirect_uri", { args: (t) => ({ post_logout_redirect_uri: `${t.app}/window?other` }) });
signout("argument state", { args: { state: { a: 1 } } });
signout("argument url_state", { args: { url_state: "u;v" } });
signout("argument id_token_hint", { args: { id_token_hint: "a.b.c" } });
signout("argument extraQueryParams", { args: { extraQueryParams: { a: "b c" } } });
signout("argument popupWindowFeatures", { args: { popupWindowFeatures: { width: 400 }, popupWindowTarget: "signout" } });
signout("keepOpen", { act: (um) => um.signoutPopupCallback(undefined, true), plan: { stays: true, slow: 300 } });
signout("signoutCallback keepOpen", { act: (um) => um.signoutCallback(undefined, true), plan: { stays: true, slow: 300 } });
signout("refused", { script: { callback: { error: "access_denied", error_description: "no" } }, code: "provider_error" });
signout("closed", {
  script: { answers: { logout: WAITS.authorize } }, pends: "theirs", code: "popup_closed",
  during: async (t) => {
    await t.asked("GET logout");
    await shown(t);
    t.windows.at(-1).close();
  },
});
signout("without an endpoint", { settings: (t) => ({ metadataSeed: { end_session_endpoint: "" } }) });
signout("setting revokeTokensOnSignout", { settings: { revokeTokensOnSignout: true } });
signout("without an opener", { plan: { severed: true } });

popup.push(["signoutPopupCallback without a window", async (t) => {
  const um = t.manager();
  await t.attempt("callback", () => um.signoutPopupCallback(`${t.app}/back`), { code: "state_unknown" });
}]);
