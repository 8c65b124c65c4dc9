// @ts-check
// The events of a UserManager.

/** Callbacks by event; see oidcspa.d.ts. */
export class UserManagerEvents {
  #callbacks = new Map();

  addUserLoaded(callback) { return this.#add("userLoaded", callback); }
  removeUserLoaded(callback) { this.#remove("userLoaded", callback); }
  addUserUnloaded(callback) { return this.#add("userUnloaded", callback); }
  removeUserUnloaded(callback) { this.#remove("userUnloaded", callback); }
  addAccessTokenExpiring(callback) { return this.#add("accessTokenExpiring", callback); }
  removeAccessTokenExpiring(callback) { this.#remove("accessTokenExpiring", callback); }
  addAccessTokenExpired(callback) { return this.#add("accessTokenExpired", callback); }
  removeAccessTokenExpired(callback) { this.#remove("accessTokenExpired", callback); }
  addSilentRenewError(callback) { return this.#add("silentRenewError", callback); }
  removeSilentRenewError(callback) { this.#remove("silentRenewError", callback); }
  addRestoreError(callback) { return this.#add("restoreError", callback); }
  removeRestoreError(callback) { this.#remove("restoreError", callback); }
  addUserSignedIn(callback) { return this.#add("userSignedIn", callback); }
  removeUserSignedIn(callback) { this.#remove("userSignedIn", callback); }
  addUserSignedOut(callback) { return this.#add("userSignedOut", callback); }
  removeUserSignedOut(callback) { this.#remove("userSignedOut", callback); }
  addUserSessionChanged(callback) { return this.#add("userSessionChanged", callback); }
  removeUserSessionChanged(callback) { this.#remove("userSessionChanged", callback); }
  addIdleCountdown(callback) { return this.#add("idleCountdown", callback); }
  removeIdleCountdown(callback) { this.#remove("idleCountdown", callback); }

  #add(name, callback) {
    this.#callbacks.set(name, [...(this.#callbacks.get(name) ?? []), callback]);
    return () => this.#remove(name, callback);
  }

  #remove(name, callback) {
    this.#callbacks.set(name, (this.#callbacks.get(name) ?? []).filter((other) => other !== callback));
  }

  /**
   * A callback that throws does not keep the others from hearing it. The
   * result says whether one returned false: that is a veto.
   */
  _raise(name, ...args) {
    let vetoed = false;
    for (const callback of this.#callbacks.get(name) ?? []) {
      try {
        if (callback(...args) === false) vetoed = true;
      } catch (error) {
        reportError(error);
      }
    }
    return vetoed;
  }
}
