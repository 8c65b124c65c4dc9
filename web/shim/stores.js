// @ts-check
// Stores with the interfaces of oidc-client-ts. Tokens are never written to
// one by this library.

import { own } from "./own.js";

/** Keys of a Storage that begin with a prefix. Every method returns a promise: the storage may be asynchronous. */
export class WebStorageStateStore {
  _prefix;
  _store;

  constructor(given) {
    const { prefix = "oidc.", store = localStorage } = own(given);
    this._prefix = prefix;
    this._store = store;
  }

  async set(key, value) {
    await this._store.setItem(this._prefix + key, value);
  }

  async get(key) {
    return this._store.getItem(this._prefix + key);
  }

  /** Returns what was there. */
  async remove(key) {
    const value = await this._store.getItem(this._prefix + key);
    await this._store.removeItem(this._prefix + key);
    return value;
  }

  async getAllKeys() {
    const keys = [];
    const length = await this._store.length;
    for (let index = 0; index < length; index++) {
      const key = await this._store.key(index);
      if (key?.startsWith(this._prefix)) keys.push(key.slice(this._prefix.length));
    }
    return keys;
  }
}
