// @ts-check
// The user, as the app sees it.

/** Somebody who is signed in. Times are seconds. */
export class User {
  scope = "";
  profile = {};
  /** @type {number | undefined} */
  expires_at;

  constructor(fields) {
    Object.assign(this, fields);
  }

  /** Seconds until the access token expires; undefined if nobody knows. */
  get expires_in() {
    return this.expires_at === undefined ? undefined : this.expires_at - Math.floor(Date.now() / 1000);
  }

  get expired() {
    const left = this.expires_in;
    return left === undefined ? undefined : left <= 0;
  }

  get scopes() {
    return this.scope.split(" ").filter(Boolean);
  }
}

export function toUser(fields) {
  return fields ? new User(fields) : null;
}
