// @ts-check
// What oidcspa.js loads when it is first needed: requests to APIs, popup
// windows, a worker that does not start at once, the frame of the provider that knows whether its session goes on,
// the navigators of the app, and what tells when somebody is there.

import { startAgain } from "./shim/again.js";
import { follow, lateAnswer, visitPopup } from "./shim/answer.js";
import { fetchThrough } from "./shim/fetch.js";
import { watchActivity } from "./shim/idle.js";
import { checkSession } from "./shim/monitor.js";
import { leaveWith, visitWith } from "./shim/navigators.js";

export const parts = { checkSession, fetchThrough, follow, lateAnswer, leaveWith, startAgain, visitPopup, visitWith, watchActivity };
