// @ts-check
// The user, as the app sees it.

import { own } from "./own.js";

/** Somebody who is signed in. Times are seconds. */
export class User {
  /** @type {string | undefined} */
  scope;
  profile = {};
  session_state = null;
  /** @type {number | undefined} */
  expires_at;

  constructor(given, extraTokenResponseProperties) {
    const { userState, ...fields } = own(given);
    Object.assign(this, fields);
    if (userState !== undefined) this.state = userState;
    if (extraTokenResponseProperties) this.extraTokenResponseProperties = extraTokenResponseProperties;
  }

  /** Seconds until the access token expires; undefined if nobody knows. */
  get expires_in() {
    return this.expires_at === undefined ? undefined : this.expires_at - Math.floor(Date.now() / 1000);
  }

  set expires_in(seconds) {
    if (seconds !== undefined) this.expires_at = Math.floor(seconds) + Math.floor(Date.now() / 1000);
  }

  get expired() {
    const left = this.expires_in;
    return left === undefined ? undefined : left <= 0;
  }

  get scopes() {
    return this.scope?.split(" ") ?? [];
  }

  /** For apps that keep users themselves: this library writes no token to any storage. */
  toStorageString() {
    const { id_token, session_state, access_token, refresh_token, token_type, scope, profile, expires_at, extraTokenResponseProperties } = this;
    return JSON.stringify({ id_token, session_state, access_token, refresh_token, token_type, scope, profile, expires_at, extraTokenResponseProperties });
  }

  static fromStorageString(text) {
    return new User(JSON.parse(text));
  }
}

export function toUser(fields) {
  return fields ? new User(fields) : null;
}
