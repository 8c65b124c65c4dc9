// What the library has to say: nothing, until the app gives it a logger. Then
// it tells what the program is asked for and what comes of it (DEBUG), its
// events (INFO) and failures (ERROR), and nothing that is secret.

/** Where lines go to, such as console. */
export interface ILogger {
  debug(...args: unknown[]): void;
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

/** The levels: each has what is above it, too. */
export declare enum Log {
  NONE = 0,
  ERROR = 1,
  WARN = 2,
  INFO = 3,
  DEBUG = 4,
}

export declare namespace Log {
  /** No logger, and the level INFO, as in the beginning. */
  function reset(): void;
  /** Throws an Error for what is no level. */
  function setLevel(value: Log): void;
  function setLogger(value: ILogger): void;
}

/** Writes lines that begin with its name to the logger of the app. */
export class Logger {
  constructor(name: string);
  debug(...args: unknown[]): void;
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
  /** Writes the error, and throws it. */
  throw(error: Error): never;
  /** The same logger for one method. */
  create(method: string): Logger;
  static createStatic(name: string, staticMethod: string): Logger;
  static debug(name: string, ...args: unknown[]): void;
  static info(name: string, ...args: unknown[]): void;
  static warn(name: string, ...args: unknown[]): void;
  static error(name: string, ...args: unknown[]): void;
}
