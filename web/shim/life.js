// @ts-check
// What a page knows of the session, and when it was away.

/** Tells two states of a session apart, without keeping a token. */
export function stampOf(user) {
  return user ? `${user.profile.sub ?? ""} ${user.expires_at}` : "nobody";
}

/** Resolves when the page comes back from the back/forward cache, unless the signal is aborted before. */
export function shownAgain(signal) {
  return new Promise((resolve) => addEventListener("pageshow", ({ persisted }) => persisted && resolve(), { __proto__: null, signal }));
}
