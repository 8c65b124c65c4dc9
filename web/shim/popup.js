// @ts-check
// The window of a popup call. It is opened in the tick of the call, as browsers
// demand; what happens in it is for answer.js.

import { failure } from "./errors.js";

let opened = 0;

/**
 * Opens the window of a call. Has to run in the tick of the click.
 * @param {any} settings those of the UserManager
 * @param {any} args those of the call; what is left of them, params, is for the program
 */
export function openPopup(settings, args) {
  const { popupWindowFeatures, popupWindowTarget, popupSignal: signal, popupAbortOnClose, ...params } = args;
  if (signal?.aborted) throw failure("aborted", "the signal was aborted before");
  const features = popupWindowFeatures ?? settings.popupWindowFeatures;
  return {
    ...openWindow(features, popupWindowTarget ?? settings.popupWindowTarget),
    life: features.closePopupWindowAfterInSeconds,
    signal,
    abortOnClose: popupAbortOnClose ?? settings.popupAbortOnClose,
    params: { ...params, window: opened },
  };
}

/** Opens a window, and numbers it for the program. */
export function openWindow(features = {}, target = "_blank") {
  const own = window.open(undefined, target, featureString(features));
  if (!own) throw failure("popup_blocked", "the browser did not open a window");
  return { own, number: ++opened };
}

/** The features as window.open takes them: in the middle of the browser's window. */
function featureString(features) {
  const all = { location: false, toolbar: false, height: 640, closePopupWindowAfterInSeconds: -1, ...features };
  all.width ??= [800, 720, 600, 480].find((width) => width <= outerWidth / 1.618) ?? 360;
  all.left ??= Math.max(0, Math.round(screenX + (outerWidth - all.width) / 2));
  if (all.height != null) all.top ??= Math.max(0, Math.round(screenY + (outerHeight - all.height) / 2));
  return Object.entries(all)
    .filter(([, value]) => value != null)
    .map(([name, value]) => `${name}=${typeof value !== "boolean" ? value : value ? "yes" : "no"}`)
    .join(",");
}
