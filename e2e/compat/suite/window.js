// @ts-check
// A page of the app in a popup window or in a frame: it does what the page
// that opened it says.

import { load } from "./load.js";

const { plan } = window.opener ?? window.parent;
if (plan.severed) window.opener = null;
if (plan.slow) {
  const { postMessage } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = function (message) {
    setTimeout(() => postMessage.call(this, message), plan.slow);
  };
}
const lib = await load(plan.lib);
try {
  const value = await plan.act(new lib.UserManager(plan.settings), lib);
  plan.value = value;
} catch (reason) {
  plan.failed = true;
  plan.say(`window ${reason.name} ${reason.message}`);
}
