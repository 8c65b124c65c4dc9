// @ts-check
// What goes on, for the log of an app that has one: log.js listens.

/**
 * @type {{
 *   call?: (method: string, answer: Promise<unknown>) => void,
 *   event?: (event: string) => void,
 *   unused?: (settings: string[]) => void,
 * }}
 */
export const trace = { __proto__: null };
