// @ts-check
// A connection to the program for what belongs to no session: the steps of an
// OidcClient, and what the provider says of itself.

import { connect } from "./host.js";
import { own } from "./own.js";
import { serve } from "./services.js";
import { forProgram, metadataURL } from "./settings.js";

/** Settings that the program needs for single steps. */
const STEP_SETTINGS = [
  "authority", "client_id", "redirect_uri", "post_logout_redirect_uri", "scope", "response_type", "prompt", "display",
  "max_age", "ui_locales", "acr_values", "response_mode", "resource", "extraQueryParams", "loadUserInfo",
  "extraTokenParams", "extraHeaders", "filterProtocolClaims", "omitScopeWhenRequesting",
  "staleStateAgeInSeconds", "fetchRequestCredentials", "disablePKCE",
  "client_secret", "client_authentication", "token_endpoint_auth_signing_alg",
  "metadata", "metadataSeed", "signingKeys", "trusted_audiences", "allowed_tenants", "dpop", "par", "requestTimeoutInSeconds", "mergeClaimsStrategy", "refreshTokenAllowedScope",
];

/** One per settings: an OidcClient and its MetadataService share it. */
const programs = new WeakMap();

/** Returns the program for settings. */
export function programFor(settings) {
  if (!programs.has(settings)) programs.set(settings, new Program(settings));
  return programs.get(settings);
}

class Program {
  #settings;
  #opening = null;

  constructor(settings) {
    this.#settings = settings;
  }

  async call(method, params) {
    // A worker that ends just now takes the first connection with it.
    const opening = (this.#opening ??= this.#open().catch((error) => {
      if (error.code !== "runtime_stopped") throw error;
      return this.#open();
    }));
    let connection;
    try {
      connection = await opening;
      await connection.sure;
    } finally {
      if ((!connection || connection.stopped) && this.#opening === opening) this.#opening = null;
    }
    return connection.stopped ? this.call(method, params) : connection.call(method, params);
  }

  #open() {
    const { host, assets, authority, metadataUrl } = this.#settings;
    const settings = forProgram(Object.fromEntries(STEP_SETTINGS.map((name) => [name, this.#settings[name]])));
    if (metadataUrl !== metadataURL(authority)) settings.metadataUrl = metadataUrl;
    return connect({ host, assets }, (method, params) => serve(method, params, this.#settings, own()), { steps: true, settings });
  }
}
