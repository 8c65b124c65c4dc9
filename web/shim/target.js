// @ts-check
// Where a tab is led to, as createOidc() is told.

import { failure } from "./errors.js";
import { own } from "./own.js";

/** Whether an address is of the app. */
export function isInApp(address, base) {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}/`.startsWith(base);
}

/** An address of the app; what is not absolute begins at the root of the origin. */
export function inApp(address, base) {
  const { href } = new URL(address, location.origin);
  if (!isInApp(href, base)) throw failure("invalid_argument", `the tab can come back to addresses below ${base} alone, which is BASE_URL`);
  return href;
}

/** Where a sign-out leads to by way of the provider alone. */
export const REGISTERED = "registered url";

/** Where a sign-out is to lead to: an address of the app, or another one that is registered. */
export function targetOf(given, base) {
  const { redirectTo, url } = own(given);
  if (redirectTo === "home") return base;
  if (redirectTo === "current page") return location.href;
  if ([REGISTERED, "specific url"].includes(redirectTo) && url && URL.canParse(url, location.origin)) {
    const { href, protocol } = new URL(url, location.origin);
    if (/^https?:$/.test(protocol)) return href; // another scheme may be a script
  }
  throw failure("invalid_argument", 'redirectTo is none of "home", "current page", "specific url" and "registered url", or url is no address of a page');
}

/** Shows an address, also if that is shown already. */
export function open(address) {
  const [page] = address.split("#");
  if (page !== location.href.split("#")[0]) return location.assign(address);
  history.replaceState(history.state, "", address);
  location.reload();
}
