// @ts-check
// Reads JWTs (RFC 7519) without verifying them. This imports nothing.

/** See decode-jwt.d.ts. */
export class InvalidTokenError extends Error {
  name = "InvalidTokenError";
}

/** See decode-jwt.d.ts. */
export function decodeJwt(token, options) {
  const place = options?.header ? 0 : 1;
  const part = typeof token === "string" ? token.split(".")[place] : undefined;
  if (part === undefined) throw new InvalidTokenError(`decodeJwt: this is no JWT, as it has no part ${place + 1}`);
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new InvalidTokenError(`decodeJwt: this is no JWT, as part ${place + 1} is not JSON in base64url`); // the cause would show it
  }
}
