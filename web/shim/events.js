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

  #add(name, callback) {
    this.#callbacks.set(name, [...(this.#callbacks.get(name) ?? []), callback]);
    return () => this.#remove(name, callback);
  }

  #remove(name, callback) {
    this.#callbacks.set(name, (this.#callbacks.get(name) ?? []).filter((other) => other !== callback));
  }

  /** A callback that throws does not keep the others from hearing it. */
  _raise(name, ...args) {
    for (const callback of this.#callbacks.get(name) ?? []) {
      try {
        callback(...args);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
