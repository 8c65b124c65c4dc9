// @ts-check
// What a page does with what its storage holds and with what happens to it:
// functions alone, without storage, connection or clock; manager.js does what
// they say. session/pagemodel is the same in Go.

/**
 * What storage holds of a session: whether one is worth restoring, and numbers
 * of the program's, the first of which is that of the last sign-in or sign-out.
 * @param {string | null} hint
 * @param {string | null} order
 */
export function standingOf(hint, order) {
  return { signed_in: hint != null, order: order ?? "" };
}

/**
 * Whether storage takes what a program tells: who knows of a later sign-out, the
 * second number, has news, else who has no lower order. The others hear of it from
 * storage, and say what follows. Numbers that nobody can have got to are none.
 */
export function isNews(stored, told, now = Date.now()) {
  const [old, from] = stored.order.split(" "), [order, out] = told.order.split(" ");
  return !(old <= 2 * now) || from - old > 0 || (out - from || order - old) >= 0;
}

/**
 * What follows when something happens: "ask" a program, which is started if none
 * runs, who is signed in; "find" one that runs, and ask that; "tell" it what
 * storage holds; or nothing. What happens: a "call" of the app, the program was
 * "lost", the page is "shown" out of the back/forward cache, or "woken"
 * otherwise, storage was "stored" to by another page.
 */
export function reaction(event, { signed_in, connected, left }) {
  if (event === "call" || event === "lost" || event === "shown" && left) return connected || signed_in ? "ask" : "find";
  if (connected) return "tell";
  return event === "stored" && signed_in ? "ask" : "";
}

/** Whether the tab may be sent to the provider: for a call of the app alone, and not while its address holds a response of this client. */
export function mayLeave(event, response) {
  return event === "call" && !response;
}
