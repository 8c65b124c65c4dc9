// @ts-check
// Reads JWTs (RFC 7519) without verifying them. This imports nothing.

/** See decode-jwt.d.ts. */
export class InvalidTokenError extends Error {
  name = "InvalidTokenError";
}

/** What base64url stands for: a text in UTF-8, or else in Latin-1. */
function textOf(part) {
  const base64 = part.replace(/-/g, "+").replace(/_/g, "/");
  const bytes = atob(base64.padEnd(Math.ceil(base64.length / 4) * 4, "="));
  try {
    return new TextDecoder("utf-8", { __proto__: null, fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return bytes;
  }
}

/** See decode-jwt.d.ts. */
export function decodeJwt(token, options) {
  const place = options?.header === true ? 0 : 1;
  const part = typeof token === "string" ? token.split(".")[place] : undefined;
  if (part === undefined) throw new InvalidTokenError(`decodeJwt: this is no JWT, as it has no part ${place + 1}`);
  try {
    return JSON.parse(textOf(part));
  } catch {
    throw new InvalidTokenError(`decodeJwt: this is no JWT, as part ${place + 1} is not JSON in base64url`); // the cause would show it
  }
}
