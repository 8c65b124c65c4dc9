// @ts-check
// What the worker's script tells a page before the program runs: what the program before has told it.

/**
 * Keeps what a page says until the program listens, which hears all of it in order: but for
 * one question, if what an earlier program has given answers that.
 */
export function hold(port, taking) {
  const held = [];
  const listen = async (event) => {
    held.push(event);
    const answer = await recall(event.data, taking).catch(() => null); // the program does what it can with it
    const i = held.indexOf(event);
    if (!answer || i < 0) return;
    held.splice(i, 1);
    port.postMessage(answer);
  };
  port.addEventListener("message", listen);
  port.start();
  port.start = () => queueMicrotask(() => {
    port.removeEventListener("message", listen);
    for (const { data, ports } of held.splice(0)) port.dispatchEvent(new MessageEvent("message", { data, ports }));
  });
}

/**
 * The answer to a page that asks what getUser() told last: if it asks with the settings of
 * those who got it, keeps the order of that time, and the time has not come up to which that is
 * good. The program has decided all of this, see session/keptanswer.go; here texts and numbers
 * are compared.
 */
async function recall(message, taking) {
  const { method, params } = JSON.parse(message);
  if (method !== "told" || params.signed_in !== true) return;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(params.settings)));
  const asker = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const record = JSON.parse(await taking), now = Date.now();
  for (const { Answer } of record) {
    if (Answer?.Askers.includes(asker) && Answer.Order === params.order && Answer.From <= now && now < Answer.Until) {
      return `{"jsonrpc":"2.0","method":"told","params":${Answer.User}}`;
    }
  }
}
