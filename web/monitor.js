// @ts-check
import { CheckSessionIFrame, SessionMonitor } from "./shim/checksession.js";
import { AccessTokenEvents } from "./shim/expiry.js";

export { AccessTokenEvents, CheckSessionIFrame, SessionMonitor };
