// @ts-check
// All clients of this page, open or not: the program keeps their responses apart.

const peers = new Set();

export function addPeer({ authority, redirect_uri, silent_redirect_uri, popup_redirect_uri }) {
  peers.add(JSON.stringify([authority, redirect_uri, silent_redirect_uri, popup_redirect_uri]));
}

/** What the program is told of them. */
export function allPeers() {
  return [...peers].map((peer) => JSON.parse(peer));
}
