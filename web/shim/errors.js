// @ts-check
// Failures, with the codes of docs/errors.md.

/** Every failure; `code` is stable and says why. */
export class OIDCError extends Error {
  /**
   * @param {string} message
   * @param {{code: string}} data facts about the failure, with its code
   */
  constructor(message, data) {
    super(message);
    Object.assign(this, data);
    this.name = new.target.name;
  }
}

/** The provider said no; `error` is its own code. */
export class ErrorResponse extends OIDCError {}

/** Nothing came in time. */
export class ErrorTimeout extends OIDCError {}

/**
 * Makes the error of what the program sent.
 * @param {{message: string, data?: {code: string, error?: string}}} facts
 */
export function toError({ message, data = { code: "internal" } }) {
  const type = data.error ? ErrorResponse : data.code === "timeout" ? ErrorTimeout : OIDCError;
  return new type(message, data);
}

export function failure(code, message) {
  return toError({ message: `oidc: ${code}: ${message}`, data: { code } });
}
