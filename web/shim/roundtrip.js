// @ts-check
// The ways of a tab to the provider and back, as createOidc() has them.

import { keptAt, responseIn } from "./arrival.js";
import { failure } from "./errors.js";
import { own } from "./own.js";
import { defined } from "./parameters.js";
import { inApp, open, targetOf } from "./target.js";

/** How long the tab remembers what it has left for, in milliseconds. */
const AWAY = 15 * 60_000;

/** After how long a tab that was sent away has not left, in milliseconds. */
export const DEPARTURE = 10_000;

/**
 * Parameters that protect the request: by them the program knows the response again; others would take their place (RFC 9101
 * 6.3), bind the code to another key (RFC 9449 10), or hold a token that nothing may keep. scope is the app's.
 */
const OURS = [
  "client_id", "redirect_uri", "response_type", "response_mode", "state", "nonce", "code_challenge", "code_challenge_method",
  "dpop_jkt", "request", "request_uri", "id_token_hint", "post_logout_redirect_uri",
];

/** What of a response is the protocol's. */
const OF_PROTOCOL = ["code", "state", "session_state", "iss"];

/** Parameters as they are in an address. */
const written = (record) => Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, `${value}`]));

const clientsOwn = (given, name) => failure("invalid_argument", `${given}: ${name} is the client's own`);

/** Knows what the tab leaves for, adds what functions of the app say, and finds it again. */
export class RoundTrip {
  #params;
  #name;
  /** What the call that leaves has asked for; undefined for the program's own. */
  #call;
  /** What a function of the app has thrown. */
  #thrown;
  /** When the tab was sent away, in milliseconds since the page began; undefined if it was not, or that has failed. */
  #departed;

  constructor(params) {
    this.#params = params;
    this.#name = `oidcspa.round:${params.key}`;
  }

  /** The tab leaves. */
  get left() {
    return this.#departed !== undefined && !this.stayed;
  }

  /** The tab was sent away and is still here: the browser was stopped, or a person has. */
  get stayed() {
    return performance.now() - this.#departed > DEPARTURE;
  }

  /** Has leave() go, for a call; settles if the tab stays or comes back. */
  async for(call, leave) {
    this.#call = own(call);
    this.#thrown = undefined;
    try {
      await leave();
    } catch (error) {
      throw this.#thrown ?? error;
    } finally {
      this.#call = this.#departed = undefined;
    }
  }

  /** Is called before the page does something for the program. */
  before(method, params) {
    if (method !== "navigate" && method !== "frame") return;
    try {
      this.#visit(params, method === "frame");
    } catch (error) {
      this.#thrown = error;
      throw error;
    }
  }

  #visit(params, hidden) {
    const asks = new URL(params.url).searchParams, pushed = asks.has("request_uri");
    if (asks.has("response_type") || pushed) {
      const sent = this.#change(params, asks, hidden, pushed);
      if (!hidden) this.#keep({ action: this.#call?.action, extraQueryParams: { ...written(this.#call?.known), ...sent } });
    } else if (!hidden) this.#keep({ return_to: this.#call?.target ?? this.#afterIdle() });
    if (!hidden) this.#departed = performance.now();
  }

  #afterIdle() {
    const { autoLogoutParams, base } = this.#params;
    return inApp(targetOf(autoLogoutParams, base), base);
  }

  /** Shows what follows where a user was idle, and the tab has not left: the app's root, if what the app says is no address. */
  openAfterIdle() {
    let target = this.#params.base;
    try {
      target = this.#afterIdle();
    } catch (error) {
      console.error(error);
    }
    open(target);
  }

  /** Adds what the app wants to the address, and returns what the call has made other than it was. */
  #change(params, asks, hidden, pushed) {
    const { extraQueryParams, transformUrlBeforeRedirect } = this.#params, call = hidden ? undefined : this.#call;
    const isSilent = hidden || asks.get("prompt") === "none", add = (record) => this.#add(params, record, pushed);
    if (typeof extraQueryParams === "function") add(extraQueryParams({ isSilent, url: params.url }));
    params.url = transformUrlBeforeRedirect?.({ authorizationUrl: params.url, isSilent }) ?? params.url;
    const before = new URL(params.url).searchParams;
    add(call?.rest);
    params.url = call?.transform?.(params.url) ?? params.url;
    const now = new URL(params.url).searchParams, changed = OURS.find((name) => `${now.getAll(name)}` !== `${asks.getAll(name)}`);
    if (changed) throw clientsOwn("transformUrlBeforeRedirect", changed);
    return Object.fromEntries([...now].filter(([name, value]) => !before.getAll(name).includes(value)));
  }

  #add(params, record, pushed) {
    const url = new URL(params.url);
    for (const [name, value] of Object.entries(defined(record))) {
      if (OURS.includes(name)) throw clientsOwn("extraQueryParams", name);
      if (pushed) throw failure("unsupported", `extraQueryParams: ${name} cannot be added to a request that was pushed to the provider; give values to createOidc()`);
      url.searchParams.set(name, value);
      params.url = url.href;
    }
  }

  #keep(record) {
    sessionStorage.setItem(this.#name, JSON.stringify({ expires_at: (Date.now() + AWAY) / 1000, ...record }));
  }

  /** What the tab has left for is over. */
  forget() {
    sessionStorage.removeItem(this.#name);
  }

  /** What the tab comes back with; undefined if it does not come back from a call. */
  back() {
    const { response } = keptAt(`oidcspa.response:${this.#params.key}`), { action, extraQueryParams } = keptAt(this.#name);
    try {
      this.forget();
    } catch {
      return; // this tab keeps nothing
    }
    const parameters = response && responseIn(response);
    if (!parameters || !action) return;
    return { extraQueryParams, result: Object.fromEntries([...parameters].filter(([name]) => !OF_PROTOCOL.includes(name))) };
  }
}
