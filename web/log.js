// @ts-check
import { Log, Logger } from "./shim/log.js";

export { Log, Logger };
