/**
 * What a JWT says. Nothing is verified: it is for showing, not for deciding. The claims of getDecodedIdToken() are verified.
 */

export interface JwtDecodeOptions {
  /** The header is wanted, not the claims. */
  header?: boolean;
}

export interface JwtHeader {
  typ?: string;
  alg?: string;
  kid?: string;
}

/** The registered claims of RFC 7519, section 4.1. */
export interface JwtPayload {
  iss?: string;
  sub?: string;
  aud?: string[] | string;
  exp?: number;
  nbf?: number;
  iat?: number;
  jti?: string;
}

/** What is given is no JWT. The message holds nothing of it. */
export class InvalidTokenError extends Error {}

/** Throws an InvalidTokenError if there is nothing to read. */
export function decodeJwt<T = JwtHeader>(token: string, options: JwtDecodeOptions & { header: true }): T;
export function decodeJwt<T = JwtPayload>(token: string, options?: JwtDecodeOptions): T;
