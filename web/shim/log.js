// @ts-check
// What the library has to say: nothing, until the app gives it a logger. Then
// it tells what the program is asked for and what comes of it, and its events.

import { trace } from "./trace.js";

const LEVELS = ["NONE", "ERROR", "WARN", "INFO", "DEBUG"];
const METHODS = ["", "error", "warn", "info", "debug"];
const DEFAULT_LEVEL = LEVELS.indexOf("INFO");
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

let level = DEFAULT_LEVEL;
let sink = SILENT;

/** The levels, by name and by number, and where lines go to. */
export const Log = {
  reset() {
    level = DEFAULT_LEVEL;
    sink = SILENT;
  },
  setLevel(value) {
    if (!(value in LEVELS)) throw new Error("Invalid log level");
    level = value;
  },
  setLogger(logger) {
    sink = logger;
  },
};
LEVELS.forEach((name, value) => {
  Log[name] = value;
  Log[value] = name;
});

function write(at, name, method, args) {
  if (level >= at) sink[METHODS[at]](method ? `[${name}] ${method}:` : `[${name}]`, ...args);
}

/** Writes lines that begin with its name. */
export class Logger {
  _name;
  /** @type {string | undefined} */
  _method;

  constructor(name) {
    this._name = name;
  }

  debug(...args) { write(4, this._name, this._method, args); }
  info(...args) { write(3, this._name, this._method, args); }
  warn(...args) { write(2, this._name, this._method, args); }
  error(...args) { write(1, this._name, this._method, args); }

  throw(error) {
    this.error(error);
    throw error;
  }

  /** The same logger for one method. */
  create(method) {
    const logger = Object.create(this);
    logger._method = method;
    logger.debug("begin");
    return logger;
  }

  static createStatic(name, method) {
    const logger = new this(`${name}.${method}`);
    logger.debug("begin");
    return logger;
  }

  static debug(name, ...args) { write(4, name, "", args); }
  static info(name, ...args) { write(3, name, "", args); }
  static warn(name, ...args) { write(2, name, "", args); }
  static error(name, ...args) { write(1, name, "", args); }
}

/** The name before the lines of the library itself. */
const OWN = "oidcspa";

trace.event = (name) => tell(() => Logger.info(OWN, name));
trace.call = (method, answer) => tell(() => {
  const logger = new Logger(OWN).create(method);
  answer.then(() => logger.debug("success"), ({ code, message }) => logger.error(code, message)); // not the rest: the app's state
});

/** Says, once, which settings have no effect. */
trace.unused = (names) => names.length && tell(() => {
  Logger.warn("UserManager", `settings without effect, see docs/migrating-from-oidc-client-ts.md: ${names.join(", ")}`);
  trace.unused = undefined;
});

/** A logger of the app that fails keeps nothing from being done. */
function tell(line) {
  try {
    line();
  } catch (error) {
    reportError(error);
  }
}
