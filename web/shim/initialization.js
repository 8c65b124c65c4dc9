// @ts-check
// Why nobody could be found to be signed in.

/** Codes of failures that say that the provider does not answer. */
const SILENCE = ["network", "timeout"];

/** See createoidc.d.ts. */
export class OidcInitializationError extends Error {
  name = "OidcInitializationError"; // written out, as a build may rename classes

  constructor({ messageOrCause, isAuthServerLikelyDown }) {
    const cause = messageOrCause instanceof Error ? messageOrCause : undefined;
    super(cause?.message ?? messageOrCause, { cause });
    this.isAuthServerLikelyDown = isAuthServerLikelyDown;
    /** @type {string | undefined} */
    this.code = cause && "code" in cause ? String(cause.code) : undefined;
  }
}

/** The error of a start that has failed; with advice the provider is not why. */
export function startFailed(error, advice) {
  const failed = new OidcInitializationError({
    messageOrCause: error, isAuthServerLikelyDown: !advice && (SILENCE.includes(error.code) || error.status >= 500),
  });
  if (advice) failed.message = `${advice} (${failed.message})`;
  return failed;
}
