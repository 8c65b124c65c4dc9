// @ts-check
// The window of a popup call. It is opened in the tick of the call, as browsers
// demand; what happens in it is for answer.js.

import { failure, toError } from "./errors.js";
import { own } from "./own.js";

let count = 0;

/**
 * Opens the window of a call. Has to run in the tick of the click.
 * @param {any} settings those of the UserManager
 * @param {any} args those of the call; what is left of them, params, is for the program
 * @param {any} navigator the app's, if it has one
 */
export function openPopup(settings, args, navigator) {
  const { popupWindowFeatures, popupWindowTarget, popupSignal, popupAbortOnClose, ...params } = own(args);
  if (popupSignal?.aborted) throw aborted(popupSignal);
  const how = { popupWindowFeatures, popupWindowTarget, popupSignal, popupAbortOnClose };
  const call = { how, number: ++count, params: { ...params, called: Date.now(), window: count } };
  if (navigator) return own({ ...call, prepared: navigator.prepare(how) });
  for (const name of Object.keys(how)) how[name] ??= settings[name];
  return own({ ...call, opened: openWindow(how) });
}

/** The error of a call whose signal was aborted. Its message is the app's reason. */
export function aborted({ reason }) {
  return toError({ message: String(reason), data: { code: "aborted" } });
}

function openWindow({ popupWindowTarget, popupWindowFeatures }) {
  const opened = window.open(undefined, popupWindowTarget, featureString(popupWindowFeatures));
  if (!opened) throw failure("popup_blocked", "call it first in the handler of a click");
  return opened;
}

/** The features as window.open takes them: in the middle of the browser's window. */
function featureString(features) {
  const all = own({ location: false, toolbar: false, height: 640, closePopupWindowAfterInSeconds: -1, ...features });
  all.width ??= [800, 720, 600, 480].find((width) => width <= outerWidth / 1.618) ?? 360;
  all.left ??= Math.max(0, Math.round(screenX + (outerWidth - all.width) / 2));
  if (all.height != null) all.top ??= Math.max(0, Math.round(screenY + (outerHeight - all.height) / 2));
  return Object.entries(all)
    .filter(([, value]) => value != null)
    .map(([name, value]) => `${name}=${typeof value !== "boolean" ? value : value ? "yes" : "no"}`)
    .join(",");
}
