// @ts-check
// What comes from outside: settings, arguments, messages, records.

/**
 * A copy with the own members of what is given, and nothing behind them. A
 * script that has put something into Object.prototype has given nothing. Options
 * of the browser, which reads them in the same way, have "__proto__: null".
 * @returns {any}
 */
export function own(given) {
  return Object.assign(Object.create(null), given);
}
