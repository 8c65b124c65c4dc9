// @ts-check
// What an app remembers of a request, with the names of oidc-client-ts.

import { own } from "./own.js";

const now = () => Math.floor(Date.now() / 1000);

function hex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The S256 transformation (RFC 7636 4.2). */
async function challengeOf(verifier) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return btoa(String.fromCharCode(...new Uint8Array(digest))).replace(/[+/=]/g, (c) => ({ "+": "-", "/": "_" })[c] ?? "");
}

/** What belongs to one request. created is in seconds since the epoch. */
export class State {
  constructor(given) {
    const { id = hex(16), data, created, request_type, url_state } = own(given);
    this.id = id;
    this.data = data;
    this.created = created > 0 ? created : now();
    this.request_type = request_type;
    this.url_state = url_state;
  }

  toStorageString() {
    return JSON.stringify(this);
  }

  static async fromStorageString(text) {
    return new State(JSON.parse(text));
  }

  /** Removes states that are older than age seconds, and what is none. */
  static async clearStaleState(store, age) {
    for (const key of await store.getAllKeys()) {
      const text = await store.get(key);
      if (!text) continue;
      let stale = true;
      try {
        stale = JSON.parse(text).created <= now() - age;
      } catch {
        // it can be of no use
      }
      if (stale) await store.remove(key);
    }
  }
}

/** What belongs to one sign-in. */
export class SigninState extends State {
  constructor(given) {
    const { code_verifier, code_challenge, authority, client_id, redirect_uri, scope, client_secret, extraTokenParams, response_mode, skipUserInfo, nonce, ...state } = own(given);
    super(state);
    Object.assign(this, { code_verifier, authority, client_id, redirect_uri, scope, client_secret, extraTokenParams, response_mode, skipUserInfo, nonce });
    this.code_challenge = code_challenge;
  }

  /** Draws the code verifier if it is true, and computes its challenge. */
  static async create(given) {
    const { code_verifier, ...args } = own(given);
    const verifier = code_verifier === true ? hex(48) : code_verifier || undefined;
    return new SigninState({ ...args, code_verifier: verifier, code_challenge: verifier && (await challengeOf(verifier)) });
  }

  toStorageString() {
    return JSON.stringify({ ...this, code_challenge: undefined });
  }

  static fromStorageString(text) {
    return SigninState.create(JSON.parse(text));
  }
}

/** Splits "state;url_state". */
function readState(params) {
  const [state, ...rest] = (params.get("state") ?? "").split(";");
  return { state: params.get("state") === null ? null : state, url_state: rest.length > 0 ? rest.join(";") : undefined };
}

/** The response to a sign-in, and then what came of it. */
export class SigninResponse {
  access_token = "";
  token_type = "";
  /** @type {string | undefined} */
  id_token;
  /** @type {string | undefined} */
  refresh_token;
  /** @type {string | undefined} */
  scope;
  /** @type {number | undefined} */
  expires_at;
  /** @type {unknown} */
  userState;
  profile = {};

  constructor(params) {
    Object.assign(this, readState(params));
    for (const name of ["session_state", "error", "error_description", "error_uri", "code"]) this[name] = params.get(name);
  }

  get expires_in() {
    return this.expires_at === undefined ? undefined : this.expires_at - now();
  }

  set expires_in(value) {
    const seconds = Number(value);
    if (value !== undefined && seconds >= 0) this.expires_at = Math.floor(seconds) + now();
  }

  get isOpenId() {
    return Boolean(this.scope?.split(" ").includes("openid") || this.id_token);
  }
}

/** The response to a sign-out. */
export class SignoutResponse {
  /** @type {unknown} */
  userState;

  constructor(params) {
    Object.assign(this, readState(params));
    for (const name of ["error", "error_description", "error_uri"]) this[name] = params.get(name);
  }

  /** The response at an address, with what the program has found of it. */
  static _for(url, { state }) {
    return Object.assign(new this(new URL(url).searchParams), { userState: state ?? undefined });
  }
}
