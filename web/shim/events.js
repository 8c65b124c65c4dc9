// @ts-check
// The events of a UserManager.

const EVENTS = [
  "UserLoaded", "UserUnloaded", "AccessTokenExpiring", "AccessTokenExpired", "SilentRenewError", "RestoreError",
  "UserSignedIn", "UserSignedOut", "UserSessionChanged", "IdleCountdown", "StepUpRequired",
];

/** Callbacks by event; see oidcspa.d.ts. */
export class UserManagerEvents {
  #callbacks = new Map();

  static {
    for (const event of EVENTS) {
      const name = event[0].toLowerCase() + event.slice(1);
      this.prototype[`add${event}`] = function (callback) { return this.#add(name, callback); };
      this.prototype[`remove${event}`] = function (callback) { this.#remove(name, callback); };
    }
  }

  async load(user, raiseEvent = true) {
    if (raiseEvent) this._raise("userLoaded", user);
  }

  async unload() {
    this._raise("userUnloaded");
  }

  _clear() {
    this.#callbacks.clear();
  }

  #add(name, callback) {
    this.#callbacks.set(name, [...(this.#callbacks.get(name) ?? []), callback]);
    return () => this.#remove(name, callback);
  }

  #remove(name, callback) {
    const callbacks = this.#callbacks.get(name) ?? [];
    const last = callbacks.lastIndexOf(callback);
    this.#callbacks.set(name, callbacks.filter((_, index) => index !== last));
  }

  /**
   * A callback that throws does not keep the others from hearing it. The
   * result says whether one returned false: that is a veto.
   */
  _raise(name, arg) {
    let vetoed = false;
    for (const callback of this.#callbacks.get(name) ?? []) {
      try {
        if (callback(arg) === false) vetoed = true;
      } catch (error) {
        reportError(error);
      }
    }
    return vetoed;
  }
}
