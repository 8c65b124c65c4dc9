// @ts-check
// Requests of the app that the program sends. Their bodies, and those of the
// answers, go through a channel per request, in pieces, none before the other
// end asks for it. See jsbridge.Relay.

import { failure } from "./errors.js";
import { shownAgain } from "./life.js";
import { own } from "./own.js";

/** How many pieces of an answer may wait for the app, so that short answers end by themselves. */
const WAITING = 4;

/** The longest body that is gathered, in bytes. */
const MOST = 64 << 20;

/**
 * Sends a request, which new Request makes of input and init.
 * @param {import("./connection.js").Connection} connection
 * @param {string} [known] see stampOf: whom the page has shown when the app called
 * @param {boolean} [leaves] the program sends the page away for a step-up
 * @returns {Promise<Response>}
 */
export async function fetchThrough(connection, input, options, known, leaves) {
  const init = own(options);
  const given = init.body instanceof ReadableStream ? init.body : null;
  const stream = given && sendsStreams() ? given : null;
  const request = requestOf(input, given ? own({ ...init, body: undefined }) : init);
  const { signal } = request;
  signal.throwIfAborted();
  const bodiless = ["GET", "HEAD"].includes(request.method);
  if (given && bodiless) throw noRequest();
  const body = stream || bodiless ? null : given ? await gathered(given, signal) : await bodyOf(request, init.body);
  signal.throwIfAborted();

  const { port1, port2 } = new MessageChannel();
  const bodies = new Bodies(port1, stream);
  const over = new Promise((_, reject) => {
    bodies.watch(signal, () => signal.reason, reject);
    bodies.watch(connection.ended, () => connection.stopped, reject);
  });
  over.catch(() => {});
  try {
    const head = await Promise.race([over, connection.call("fetch", {
      channel: connection.handOver(port2, body?.size ? body : null),
      url: request.url,
      method: request.method,
      headers: Object.fromEntries(request.headers),
      mode: request.mode,
      credentials: request.credentials,
      redirect: request.redirect,
      cache: request.cache,
      integrity: request.integrity,
      streamed: stream !== null,
      return_to: location.href,
      shown: known?.match(/^(.*) /s)?.[1],
    })]);
    if (!head.has_body) bodies.end();
    return toResponse(head, bodies.answer);
  } catch (error) {
    bodies.end();
    if (error?.code === "step_up_required" && leaves) await shownAgain();
    throw error;
  }
}

function requestOf(input, init) {
  try {
    return new Request(input, init);
  } catch {
    throw noRequest();
  }
}

function noRequest() {
  return failure("invalid_argument", "this is no request that fetch takes");
}

/** The body of a request. WebKit does not read that of a form with a file. */
async function bodyOf(request, given) {
  try {
    return await request.blob();
  } catch {
    request.signal.throwIfAborted();
    if (!(given instanceof FormData)) throw failure("invalid_argument", "this browser cannot read the body: give it beside the address");
    const body = multipart(given);
    request.headers.set("Content-Type", body.type);
    return body;
  }
}

/** A form as browsers write it (HTML, multipart/form-data encoding algorithm). */
function multipart(form) {
  const boundary = `----${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
  const lines = (text) => text.replace(/\r\n?|\n/g, "\r\n");
  const quote = (text) => `"${text.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22")}"`;
  const parts = [];
  for (const [name, value] of form) {
    parts.push(`--${boundary}\r\nContent-Disposition: form-data; name=${quote(lines(name))}`);
    if (typeof value === "string") parts.push("\r\n\r\n", lines(value));
    else parts.push(`; filename=${quote(value.name)}\r\nContent-Type: ${value.type || "application/octet-stream"}\r\n\r\n`, value);
    parts.push("\r\n");
  }
  return new Blob([...parts, `--${boundary}--\r\n`], { __proto__: null, type: `multipart/form-data; boundary=${boundary}` });
}

/** Whether the browser sends a body as it comes. Others make a text of the stream, or refuse it. */
function sendsStreams() {
  let asked = false;
  try {
    const { headers } = new Request(location.href, {
      __proto__: null,
      method: "POST",
      body: new ReadableStream(),
      get duplex() {
        asked = true;
        return "half";
      },
    });
    return asked && !headers.has("Content-Type");
  } catch {
    return false;
  }
}

/** All of a stream, for a browser that does not send it as it comes. */
async function gathered(stream, signal) {
  const pieces = [];
  let size = 0, refused;
  try {
    await stream.pipeTo(new WritableStream({
      __proto__: null,
      write(piece) {
        if (!(piece instanceof Uint8Array)) throw piece;
        size += piece.byteLength;
        if (size > MOST) throw refused = failure("invalid_argument", `this browser does not stream bodies, and of this one it would have to keep more than ${MOST} bytes`);
        pieces.push(piece);
      },
    }), { __proto__: null, signal });
  } catch {
    signal.throwIfAborted();
    throw refused ?? failure("network", "the body broke off");
  }
  return new Blob(pieces);
}

function toResponse(head, answer) {
  const { status, status_text, headers, url, redirected, has_body } = own(head);
  const response = new Response(has_body ? answer : null, { __proto__: null, status, statusText: status_text, headers });
  for (const [name, value] of Object.entries({ url, redirected })) Object.defineProperty(response, name, { __proto__: null, value });
  return response;
}

/** The page's end of a channel: source of the request's body, sink of the answer's. */
class Bodies {
  #port;
  #reader;
  #controller;
  #ended = new AbortController();

  constructor(port, stream) {
    this.#port = port;
    this.#reader = stream?.getReader();
    port.onmessage = ({ data }) => this.#receive(data);
    this.answer = new ReadableStream({
      __proto__: null,
      start: (controller) => { this.#controller = controller; },
      pull: () => port.postMessage("pull"),
      cancel: () => this.end(),
    }, { __proto__: null, highWaterMark: WAITING });
  }

  /** Gives everything up, for a reason, when signal says so. */
  watch(signal, reason, reject) {
    const stop = () => {
      reject(reason());
      this.#controller.error(reason());
      this.end();
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { __proto__: null, once: true, signal: this.#ended.signal });
  }

  async #receive(data) {
    if (this.#ended.signal.aborted) return;
    if (data === "pull") this.#port.postMessage(await this.#piece());
    else if (data === "stop") this.#reader?.cancel().catch(() => {});
    else if (data instanceof Uint8Array) this.#controller.enqueue(data);
    else {
      if (data === null) this.#controller.close();
      else this.#controller.error(failure("network", "the answer broke off"));
      this.end();
    }
  }

  /** The next piece of the request's body: null at its end, "error" if it breaks. */
  async #piece() {
    try {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      return value instanceof Uint8Array ? value : "error";
    } catch {
      return "error";
    }
  }

  /** Nothing is sent or received any more. */
  end() {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#port.postMessage("cancel");
    this.#port.close();
    this.#reader?.cancel().catch(() => {});
  }
}
