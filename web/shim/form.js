// @ts-check
// A sign-out whose request is a form (RP-Initiated Logout 2). All that is in the form the
// program has said.

import { leave, withoutToken } from "./navigators.js";

/** How long the policy of the page may take to refuse where a form leads, in milliseconds. */
const REFUSAL_TIME = 5_000;

/** Sends what url has beyond action there, for a frame or window to show. Settles if the page stays. */
export function submit(url, action, shownIn) {
  const target = (shownIn.name ||= `oidcspa.page.${Math.random()}`);
  const form = Object.assign(document.createElement("form"), { action, method: "post", acceptCharset: "utf-8", target });
  form.append(...[...new URLSearchParams(url.slice(action.length))].map(([name, value]) =>
    Object.assign(document.createElement("textarea"), { name, value })));
  document.documentElement.append(form);
  HTMLFormElement.prototype.submit.call(form); // a field may have that name
  form.remove();
  return new Promise((resolve, reject) => {
    const refuse = ({ effectiveDirective }) => effectiveDirective === "form-action" && reject({ code: "form_blocked" });
    addEventListener("securitypolicyviolation", refuse); // it comes later
    setTimeout(() => {
      removeEventListener("securitypolicyviolation", refuse);
      resolve();
    }, REFUSAL_TIME);
  });
}

/** The service "submit": "navigate" with a form. */
export function leaveByForm({ url, action }, how, navigators) {
  if (navigators.redirect) return leave(withoutToken(url, action), how, navigators);
  return submit(url, action, { name: `_${how.redirectTarget}` });
}
