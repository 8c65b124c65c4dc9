// @ts-check
// Failures, with the codes of docs/errors.md.

import { own } from "./own.js";

/** Every failure; `code` is stable and says why. */
export class OIDCError extends Error {
  name = "OIDCError"; // written out, as a build may rename classes

  /**
   * @param {string} [message]
   * @param {{code: string}} [data] facts about the failure, with its code
   */
  constructor(message, data) {
    super(message);
    Object.assign(this, data);
  }
}

/** The provider said no; `error` is its own code. */
export class ErrorResponse extends OIDCError {
  name = "ErrorResponse";
  error_description = null;
  error_uri = null;
  session_state = null;

  /**
   * @param {{error?: string | null, error_description?: string | null, userState?: unknown, code?: string}} facts
   * @param {URLSearchParams} [form] is there for oidc-client-ts; what was sent holds secrets
   */
  constructor(given, form) {
    const facts = own(given);
    const { userState: state } = facts;
    delete facts.userState;
    if (!facts.error) throw new Error("No error passed");
    super(facts.error_description || facts.error, { code: "provider_error" });
    Object.assign(this, { state, form }, facts);
  }
}

/** Nothing came in time. */
export class ErrorTimeout extends OIDCError {
  name = "ErrorTimeout";

  constructor(message, data = { code: "timeout" }) {
    super(message, data);
  }
}

/** Messages of oidc-client-ts that apps compare with; what else there is to say is in docs/errors.md. */
const MESSAGES = own({
  state_unknown: "No matching state found in storage",
  state_mismatch: "No state in response",
  callback_missing: "No state in response",
});

/**
 * Makes the error of what the program sent.
 * @param {{message: string, data?: {code: string, error?: string}}} facts
 */
export function toError(facts) {
  const { message, data: given = { code: "internal" } } = own(facts);
  const data = own(given);
  if (data.error) return new ErrorResponse(data);
  return new (data.code === "timeout" ? ErrorTimeout : OIDCError)(MESSAGES[data.code] ?? message, data);
}

export function failure(code, message) {
  return toError({ message: `oidc: ${code}: ${message}`, data: { code } });
}
