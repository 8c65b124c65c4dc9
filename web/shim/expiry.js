// @ts-check
// The events of an access token, for apps that watch one themselves.

import { UserManagerEvents } from "./events.js";
import { own } from "./own.js";

/** The longest sleep between two looks at the clock, in milliseconds: timers of hidden pages are slow. */
const TICK = 5_000;

/** Raises accessTokenExpiring and accessTokenExpired for what load is given. */
export class AccessTokenEvents {
  #events = new UserManagerEvents();
  #timers = new Map();
  #notice;

  /** The events of a UserManager are these, too. */
  static [Symbol.hasInstance](object) {
    return object instanceof UserManagerEvents || Function.prototype[Symbol.hasInstance].call(this, object);
  }

  constructor(settings) {
    this.#notice = own(settings).expiringNotificationTimeInSeconds;
  }

  async load(user) {
    const { access_token } = own(user);
    const { expires_in } = user; // of a User it is computed
    await this.unload();
    if (!access_token || expires_in === undefined) return;
    if (expires_in > 0) this.#raiseAt("accessTokenExpiring", Math.max(expires_in - this.#notice, 1));
    this.#raiseAt("accessTokenExpired", Math.max(expires_in, 0) + 1);
  }

  async unload() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #raiseAt(name, seconds) {
    const at = Date.now() + seconds * 1000;
    const look = () => {
      const left = at - Date.now();
      if (left > 0) {
        this.#timers.set(name, setTimeout(look, Math.min(left, TICK)));
      } else {
        this.#timers.delete(name);
        this.#events._raise(name);
      }
    };
    look();
  }

  addAccessTokenExpiring(callback) { return this.#events.addAccessTokenExpiring(callback); }
  removeAccessTokenExpiring(callback) { this.#events.removeAccessTokenExpiring(callback); }
  addAccessTokenExpired(callback) { return this.#events.addAccessTokenExpired(callback); }
  removeAccessTokenExpired(callback) { this.#events.removeAccessTokenExpired(callback); }
}
