// @ts-check
// What oidcspa.js loads when it is first needed: requests to APIs, popup
// windows, a worker that does not start at once or that ends, the frame of the provider that knows whether its session goes on,
// the navigators of the app, what tells when somebody is there, and the keeper.

import { recover } from "./shim/recover.js";
import { startAgain } from "./shim/again.js";
import { answerOpener, follow, lateAnswer, visitPopup } from "./shim/answer.js";
import { fetchThrough } from "./shim/fetch.js";
import { leaveByForm } from "./shim/form.js";
import { headers, load } from "./shim/headers.js";
import { watchActivity } from "./shim/idle.js";
import { keeper } from "./shim/keeping.js";
import { checkSession } from "./shim/monitor.js";
import { leave, leaveWith, visitWith } from "./shim/navigators.js";

/** Whether the app has no navigator: for redirects, for windows. */
const ways = (_params, _settings, { redirect, popups }) => [!redirect, !popups];

const services = { ways, checkSession, headers, keeper, popup: visitPopup, "popup.late": lateAnswer, submit: leaveByForm };

export const parts = { answerOpener, fetchThrough, follow, leave, leaveWith, load, recover, services, startAgain, visitWith, watchActivity };
