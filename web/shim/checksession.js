// @ts-check
// The frame of the provider that tells whether its session goes on (OpenID
// Connect Session Management 1.0, 3.2), for apps that watch it themselves.

/** Asks a provider's frame at intervals, and calls back when the session has changed. */
export class CheckSessionIFrame {
  #callback;
  #clientID;
  #interval;
  #stopOnError;
  #origin;
  #frame;
  #timer;

  constructor(callback, clientID, url, intervalInSeconds, stopOnError) {
    this.#callback = callback;
    this.#clientID = clientID;
    this.#interval = intervalInSeconds * 1000;
    this.#stopOnError = stopOnError;
    this.#origin = new URL(url).origin;
    this.#frame = document.createElement("iframe");
    this.#frame.hidden = true;
    this.#frame.src = url;
  }

  /** Resolves when the frame is there. */
  load() {
    return new Promise((resolve) => {
      this.#frame.onload = () => resolve();
      document.body.append(this.#frame);
      addEventListener("message", this.#onMessage);
    });
  }

  #onMessage = ({ origin, source, data }) => {
    if (origin !== this.#origin || source !== this.#frame.contentWindow) return;
    if (data === "error") {
      if (this.#stopOnError) this.stop();
    } else if (data === "changed") {
      this.stop();
      this.#callback();
    }
  };

  /** Asks at once and then at every interval. */
  start(sessionState) {
    this.stop();
    const ask = () => this.#frame.contentWindow?.postMessage(`${this.#clientID} ${sessionState}`, this.#origin);
    ask();
    this.#timer = setInterval(ask, this.#interval);
  }

  stop() {
    clearInterval(this.#timer);
  }
}

/** Has a UserManager watch its session, as the setting monitorSession does. */
export class SessionMonitor {
  constructor(manager) {
    if (!manager) throw new Error("No user manager passed");
    this._userManager = manager;
    manager._monitor?.();
  }
}
