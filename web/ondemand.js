// @ts-check
// What oidcspa.js loads when it is first needed: popup windows, and the frame
// of the provider that knows whether its session goes on.

import { Popup, lateAnswer, visitPopup } from "./shim/answer.js";
import { checkSession } from "./shim/monitor.js";

export { Popup, checkSession, lateAnswer, visitPopup };
