// @ts-check
// The provider's frame that knows whether its session has changed (OpenID
// Connect Session Management 1.0).

/** How long that frame may take to load and to answer, in milliseconds. */
const CHECK_TIMEOUT = 5_000;

/** The frames that are there, by what they are asked: an answer does not say to which question. */
const checkFrames = new Map();

function openCheckFrame(url, message) {
  const frame = document.createElement("iframe");
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { __proto__: null, once: true }));
  const remove = () => {
    frame.remove();
    checkFrames.delete(message);
  };
  frame.hidden = true;
  frame.title = "session";
  frame.src = url;
  (document.body ?? document.documentElement).append(frame);
  const entry = { frame, loaded, remove, unused: 0 };
  checkFrames.set(message, entry);
  return entry;
}

/** Asks the frame once. It stays for the next question, and goes when none comes. */
export function checkSession({ url, origin, message, keep }) {
  const entry = checkFrames.get(message) ?? openCheckFrame(url, message);
  clearTimeout(entry.unused);
  entry.unused = setTimeout(entry.remove, keep);
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      clearTimeout(limit);
      removeEventListener("message", onMessage);
      settle(value);
    };
    const onMessage = ({ origin: from, source, data }) => {
      if (from !== origin || source !== entry.frame.contentWindow) return;
      if (typeof data === "string") end(resolve, { answer: data });
    };
    const limit = setTimeout(() => {
      entry.remove();
      end(reject, { code: "frame_no_response" });
    }, CHECK_TIMEOUT);
    addEventListener("message", onMessage);
    entry.loaded.then(() => entry.frame.contentWindow?.postMessage(message, origin));
  });
}
