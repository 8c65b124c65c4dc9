// @ts-check
// What goes on, for the log of an app that has one: log.js listens.

export const trace = {
  /** @type {((method: string, answer: Promise<unknown>) => void) | undefined} */
  call: undefined,
  /** @type {((event: string) => void) | undefined} */
  event: undefined,
};
