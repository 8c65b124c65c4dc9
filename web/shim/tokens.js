// @ts-check
// The user of a manager as the tokens of createOidc().

/** The time of a token that never expires, in milliseconds: the end of the year 9999. */
const NEVER = 253_402_300_799_999;

/** Where token responses say when the refresh token ends, or in how many seconds: the last two. */
export const REFRESH_ENDS = ["refresh_expires_at", "refresh_token_expires_at", "refresh_expires_in", "refresh_token_expires_in"];

/** Where a token response without expires_in may say when the access token ends. */
export const ACCESS_ENDS = "expires_at";

/** When a refresh token ends, in milliseconds; undefined if nobody says so. 0 is never. */
function endOf(token, said, issued) {
  const name = REFRESH_ENDS.find((key) => Number.isFinite(parseFloat(said?.[key])));
  const seconds = name ? parseFloat(said[name]) : claimsIn(token).exp;
  if (seconds === 0) return NEVER;
  return seconds && (seconds + (name?.endsWith("in") ? issued : 0)) * 1000;
}

/** What a JWT says, without a check; nothing if it is none. */
function claimsIn(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return {};
  }
}

/** The same object for as long as it holds the same. */
function stable(value, before) {
  return JSON.stringify(value) === JSON.stringify(before) ? before : value;
}

/** Makes the tokens of a user; before are those that the page had. */
export function tokensOf({ access_token, refresh_token, id_token, profile, expires_at, extraTokenResponseProperties: said }, before, { decodedIdTokenSchema: schema, __unsafe_useIdTokenAsAccessToken: swaps }) {
  const original = stable(profile, before?.decodedIdToken_original);
  const decoded = original === before?.decodedIdToken_original ? before.decodedIdToken : schema ? schema.parse(original) : original;
  const ends = expires_at ?? parseFloat(said?.[ACCESS_ENDS]);
  return {
    accessToken: swaps ? id_token : access_token,
    accessTokenExpirationTime: (swaps ? profile.exp : ends) * 1000 || NEVER,
    idToken: id_token,
    decodedIdToken: stable(decoded, before?.decodedIdToken),
    decodedIdToken_original: original,
    issuedAtTime: profile.iat * 1000,
    getServerDateNow: Date.now, // a clock that differs from the provider's is an error, clock_skew
    ...(refresh_token ? { hasRefreshToken: true, refreshToken: refresh_token, refreshTokenExpirationTime: endOf(refresh_token, said, profile.iat) } : { hasRefreshToken: false }),
  };
}
