// @ts-check
// The protocol one step at a time, for apps that keep the session themselves.

import { ErrorResponse } from "./errors.js";
import { MetadataService } from "./metadata.js";
import { own } from "./own.js";
import { addPeer } from "./peers.js";
import { programFor } from "./program.js";
import { OidcClientSettingsStore } from "./settings.js";
import { SigninResponse, SigninState, SignoutResponse, State } from "./state.js";

/** What the program knows of the arguments of a sign-in; the rest stays on this side. */
const SIGNIN_ARGUMENTS = [
  "redirect_uri", "scope", "prompt", "display", "max_age", "ui_locales", "acr_values", "response_mode", "resource",
  "extraQueryParams", "login_hint", "id_token_hint", "nonce", "url_state", "extraTokenParams",
  "request", "request_uri", "skipUserInfo",
];

MetadataService._load = (settings) => programFor(settings).call("metadata");

function pick(source, names) {
  return Object.fromEntries(names.map((name) => [name, source[name]]));
}

/** Makes requests and reads responses. */
export class OidcClient {
  constructor(settings, metadataService) {
    this.settings = settings instanceof OidcClientSettingsStore ? settings : new OidcClientSettingsStore(settings);
    this.metadataService = metadataService ?? new MetadataService(this.settings);
    addPeer(this.settings);
  }

  #call(method, params) {
    return programFor(this.settings).call(method, params);
  }

  async createSigninRequest(given) {
    const args = own(given);
    if ((args.response_type ?? this.settings.response_type) !== "code") {
      throw new Error("Only the Authorization Code flow (with PKCE) is supported");
    }
    const { state: data, request_type, url_state, skipUserInfo } = args;
    const { url, ...made } = own(await this.#call("createSignin", {
      ...pick(args, SIGNIN_ARGUMENTS), state: { data, request_type, url_state, skipUserInfo },
    }));
    return { url, state: this.#state({ ...made, state: { data, request_type, url_state, skipUserInfo } }) };
  }

  /** What the app knows of a sign-in; its secrets stay in the program. */
  #state(given) {
    const { state, response_mode, ...made } = own(given);
    const { authority, client_id, extraTokenParams } = this.settings;
    // Where the response is: a signed one is in the query by default (JARM 2.3.4).
    const where = response_mode?.replace(/^jwt$/, "query").replace(".jwt", "");
    return new SigninState({ authority, client_id, extraTokenParams, ...made, response_mode: where, ...state });
  }

  async readSigninResponseState(url, removeState = false) {
    const response = responseIn(url, SigninResponse);
    return { state: this.#state(await this.#call("readSignin", { url, keepState: !removeState })), response };
  }

  async processSigninResponse(url, extraHeaders, removeState = true) {
    const response = responseIn(url, SigninResponse);
    // A refusal, too, belongs to somebody who waits for it with the app's state.
    const request = response.error ? await this.#call("readSignin", { url, keepState: true }) : null;
    try {
      return fill(response, await this.#call("processSignin", {
        url, extraHeaders: await valuesOf(extraHeaders), keepState: !removeState,
      }));
    } catch (error) {
      if (error instanceof ErrorResponse) {
        error.session_state ??= response.session_state;
        error.state = own(own(request).state).data;
      }
      throw error;
    }
  }

  /** The key is the program's own, and stays there. */
  getDpopProof(_store, nonce) {
    return this.#call("tokenProof", { nonce });
  }

  async useRefreshToken(given) {
    const { state: known, redirect_uri, resource, timeoutInSeconds, extraTokenParams, extraHeaders } = own(given);
    const state = own(known);
    const { refresh_token, id_token, session_state, scope } = state;
    const user = own(await this.#call("useRefreshToken", {
      refresh_token, id_token, session_state: session_state ?? undefined, scope, redirect_uri, resource, timeoutInSeconds, extraTokenParams,
      extraHeaders: await valuesOf(extraHeaders),
    }));
    if (user.id_token === id_token) user.profile = state.profile; // no new one came (OIDC Core 12.2)
    return fill(new SigninResponse(new URLSearchParams()), { ...user, state: { data: state.data } });
  }

  async processResourceOwnerPasswordCredentials(given) {
    const { username, password, skipUserInfo, extraTokenParams } = own(given);
    const user = await this.#call("processCredentials", { username, password, skipUserInfo, extraTokenParams });
    return fill(new SigninResponse(new URLSearchParams()), user);
  }

  async createSignoutRequest(given) {
    const { state: data, id_token_hint, request_type, url_state, post_logout_redirect_uri, extraQueryParams = this.settings.extraQueryParams } = own(given);
    const { url, id } = own(await this.#call("createSignout", {
      id_token_hint, post_logout_redirect_uri, extraQueryParams, url_state, state: { data, request_type, url_state },
    }));
    return { url, state: id && (data !== undefined || url_state) ? new State({ id, data, request_type, url_state }) : undefined };
  }

  async readSignoutResponseState(url, removeState = false) {
    const response = responseIn(url, SignoutResponse);
    const found = own(await this.#call("readSignout", { url, keepState: !removeState }));
    return { state: found.state ? new State({ id: response.state, ...found.state }) : undefined, response };
  }

  async processSignoutResponse(url) {
    const response = responseIn(url, SignoutResponse);
    try {
      const found = own(await this.#call("processSignout", { url }));
      const state = own(found.state);
      response.userState = state.data;
      response.url_state ??= state.url_state;
      return response;
    } catch (error) {
      if (error instanceof ErrorResponse) error.state = own(error.state).data;
      throw error;
    }
  }

  async revokeToken(token, type) {
    await this.#call("revokeToken", { token, type });
  }

  /** What was left behind is removed with the next sign-in. */
  clearStaleState() {
    return State.clearStaleState(this.settings.stateStore, this.settings.staleStateAgeInSeconds);
  }
}

/** The response in an address: in its query or in its fragment. */
function responseIn(address, Response) {
  const { searchParams, hash } = new URL(address);
  const fragment = new URLSearchParams(hash.slice(1));
  return new Response(fragment.has("state") ? fragment : searchParams);
}

/** Headers with the values of those that are functions. */
async function valuesOf(headers) {
  const valueOf = async (header) => String((typeof header === "function" ? await header() : header) ?? "");
  return Object.fromEntries(await Promise.all(Object.entries(headers ?? {}).map(async ([name, header]) => [name, await valueOf(header)])));
}

/** Adds to a response what came of it; extra is what else the provider answered, and takes no place. */
function fill(response, given) {
  const { state, extra, ...user } = own(given);
  for (const [name, value] of Object.entries(extra ?? {})) if (!(name in response)) response[name] = value;
  Object.assign(response, user, { id_token: user.id_token || undefined, profile: user.profile ?? {}, userState: own(state).data });
  response.url_state ??= own(state).url_state;
  return response;
}
