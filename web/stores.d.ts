// Stores for apps that keep something themselves. This library writes no token
// to any of them.

/** Strings by key. */
export interface StateStore {
  set(key: string, value: string): Promise<void>;
  /** null if there is nothing. */
  get(key: string): Promise<string | null>;
  /** Returns what was there. */
  remove(key: string): Promise<string | null>;
  getAllKeys(): Promise<string[]>;
}

/** A Storage whose members return promises. */
export interface AsyncStorage {
  readonly length: Promise<number>;
  clear(): Promise<void>;
  getItem(key: string): Promise<string | null>;
  key(index: number): Promise<string | null>;
  removeItem(key: string): Promise<void>;
  setItem(key: string, value: string): Promise<void>;
}

/** The keys of a Storage that begin with a prefix. */
export class WebStorageStateStore implements StateStore {
  /** Default prefix "oidc.", default store localStorage. */
  constructor(options?: { prefix?: string; store?: AsyncStorage | Storage });
  set(key: string, value: string): Promise<void>;
  get(key: string): Promise<string | null>;
  remove(key: string): Promise<string | null>;
  /** Without the prefix. */
  getAllKeys(): Promise<string[]>;
}

/** A Storage that ends with the page. */
export class InMemoryWebStorage implements Storage {
  clear(): void;
  /** undefined if there is nothing, whatever the type says: it is that of oidc-client-ts. */
  getItem(key: string): string;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  get length(): number;
  /** undefined beyond the end. */
  key(index: number): string;
}

/** A key pair for DPoP (RFC 9449), and the nonce that goes with it. */
export class DPoPState {
  constructor(keys: CryptoKeyPair, nonce?: string);
  readonly keys: CryptoKeyPair;
  nonce?: string;
}

/** Key pairs by key. */
export interface DPoPStore {
  set(key: string, value: DPoPState): Promise<void>;
  get(key: string): Promise<DPoPState>;
  remove(key: string): Promise<DPoPState>;
  getAllKeys(): Promise<string[]>;
}

/** Keeps key pairs in IndexedDB. The one that this library uses never leaves the worker. */
export class IndexedDbDPoPStore implements DPoPStore {
  /** "oidc". */
  readonly _dbName: string;
  /** "dpop". */
  readonly _storeName: string;
  set(key: string, value: DPoPState): Promise<void>;
  /** undefined if there is nothing, whatever the type says. What was stored comes back as a plain object. */
  get(key: string): Promise<DPoPState>;
  /** Returns what was there. */
  remove(key: string): Promise<DPoPState>;
  getAllKeys(): Promise<string[]>;
  promisifyRequest<T = undefined>(request: IDBRequest<T> | IDBTransaction): Promise<T>;
  /** Resolves to a function that runs a callback in a transaction. */
  createStore<T>(
    dbName: string, storeName: string,
  ): Promise<(txMode: IDBTransactionMode, callback: (store: IDBObjectStore) => T | PromiseLike<T>) => Promise<T>>;
}
