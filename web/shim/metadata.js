// @ts-check
// What the provider says of itself, as the program knows it.

import { own } from "./own.js";

/** The metadata of a provider (OIDC Discovery 3), fetched when it is first needed. */
export class MetadataService {
  /** How one that belongs to no UserManager asks; client.js sets it. */
  static _load;

  #settings;
  #load;

  constructor(settings, load = MetadataService._load) {
    this.#settings = settings;
    this.#load = load;
  }

  /** The metadata that passed the checks of the program. */
  getMetadata() {
    return this.#load(this.#settings);
  }

  getIssuer() { return this._getMetadataProperty("issuer"); }
  getAuthorizationEndpoint() { return this._getMetadataProperty("authorization_endpoint"); }
  getUserInfoEndpoint() { return this._getMetadataProperty("userinfo_endpoint"); }
  getTokenEndpoint(optional = true) { return this._getMetadataProperty("token_endpoint", optional); }
  getCheckSessionIframe() { return this._getMetadataProperty("check_session_iframe", true); }
  getEndSessionEndpoint() { return this._getMetadataProperty("end_session_endpoint", true); }
  getRevocationEndpoint(optional = true) { return this._getMetadataProperty("revocation_endpoint", optional); }
  getKeysEndpoint(optional = true) { return this._getMetadataProperty("jwks_uri", optional); }

  async _getMetadataProperty(name, optional = false) {
    const value = own(await this.getMetadata())[name];
    if (value === undefined && !optional) throw new Error(`Metadata does not contain property ${name}`);
    return value;
  }

  /** The keys of the setting signingKeys; those of the provider are used in the program alone. */
  async getSigningKeys() {
    return this.#settings.signingKeys ?? null;
  }

  resetSigningKeys() {}
}
