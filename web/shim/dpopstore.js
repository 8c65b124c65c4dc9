// @ts-check
// A store of keys for DPoP, for apps that keep some themselves: the key that this
// library uses never leaves the worker.

/** A key pair for DPoP and the nonce that goes with it. */
export class DPoPState {
  constructor(keys, nonce) {
    this.keys = keys;
    this.nonce = nonce;
  }
}

/** Keeps keys in IndexedDB. */
export class IndexedDbDPoPStore {
  _dbName = "oidc";
  _storeName = "dpop";

  async set(key, value) {
    await this.#in("readwrite", (store) => store.put(value, key));
  }

  get(key) {
    return this.#in("readonly", (store) => store.get(key));
  }

  async remove(key) {
    const value = await this.get(key);
    await this.#in("readwrite", (store) => store.delete(key));
    return value;
  }

  getAllKeys() {
    return this.#in("readonly", (store) => store.getAllKeys());
  }

  async #in(mode, act) {
    const store = await this.createStore(this._dbName, this._storeName);
    return store(mode, (objects) => this.promisifyRequest(act(objects)));
  }

  promisifyRequest(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = request.oncomplete = () => resolve(request.result);
      request.onerror = request.onabort = () => reject(request.error);
    });
  }

  /** Returns a function that runs a callback in a transaction. */
  async createStore(database, name) {
    const request = indexedDB.open(database);
    request.onupgradeneeded = () => request.result.createObjectStore(name);
    const db = await this.promisifyRequest(request);
    return async (mode, act) => {
      const transaction = db.transaction(name, mode);
      return act(transaction.objectStore(name));
    };
  }
}
