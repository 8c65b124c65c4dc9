// @ts-check
// Settings with their defaults, under the names of oidc-client-ts.

import { InMemoryWebStorage, WebStorageStateStore } from "./stores.js";

/** A store for what one page keeps: in the storage of that name, where there is one. */
function storeIn(name) {
  const store = typeof window === "undefined" ? new InMemoryWebStorage() : window[name];
  return new WebStorageStateStore({ store });
}

const CLIENT_DEFAULTS = {
  response_type: "code",
  scope: "openid",
  client_authentication: "client_secret_post",
  token_endpoint_auth_signing_alg: "HS256",
  filterProtocolClaims: true,
  loadUserInfo: false,
  staleStateAgeInSeconds: 900,
  mergeClaimsStrategy: { array: "replace" },
  omitScopeWhenRequesting: false,
  disablePKCE: false,
  fetchRequestCredentials: "same-origin",
  extraQueryParams: {},
  extraTokenParams: {},
  extraHeaders: {},
};

/** The names of settings that have no default. */
const CLIENT_SETTINGS = [
  "authority", "metadata", "metadataSeed", "signingKeys", "client_id", "client_secret", "redirect_uri",
  "post_logout_redirect_uri", "prompt", "display", "max_age", "ui_locales", "acr_values", "resource", "response_mode",
  "dpop", "revokeTokenAdditionalContentTypes", "refreshTokenAllowedScope", "requestTimeoutInSeconds",
];

/** Assigns what is given, and the defaults of what is not. */
function take(target, given, names, defaults) {
  for (const name of names) target[name] = given[name];
  for (const [name, value] of Object.entries(defaults)) target[name] = given[name] ?? value;
}

/** The settings of an OidcClient. */
export class OidcClientSettingsStore {
  constructor(given) {
    take(this, given, CLIENT_SETTINGS, CLIENT_DEFAULTS);
    this.metadataUrl = given.metadataUrl ?? metadataURL(given.authority);
    this.stateStore = given.stateStore ?? storeIn("localStorage");
  }
}

function metadataURL(authority) {
  if (!authority) return authority;
  return `${authority}${authority.endsWith("/") ? "" : "/"}.well-known/openid-configuration`;
}

const MANAGER_DEFAULTS = {
  popupWindowFeatures: { location: false, toolbar: false, height: 640, closePopupWindowAfterInSeconds: -1 },
  popupWindowTarget: "_blank",
  redirectMethod: "assign",
  redirectTarget: "self",
  automaticSilentRenew: true,
  validateSubOnSilentRenew: true,
  includeIdTokenInSilentRenew: false,
  monitorSession: false,
  monitorAnonymousSession: false,
  checkSessionIntervalInSeconds: 2,
  stopCheckSessionOnError: true,
  query_status_response_type: "code",
  revokeTokenTypes: ["access_token", "refresh_token"],
  revokeTokensOnSignout: false,
  includeIdTokenInSilentSignout: false,
  accessTokenExpiringNotificationTimeInSeconds: 60,
};

/** The settings of a UserManager. */
export class UserManagerSettingsStore extends OidcClientSettingsStore {
  constructor(given) {
    super(given);
    take(this, given, ["iframeNotifyParentOrigin", "iframeScriptOrigin", "maxSilentRenewTimeoutRetries"], MANAGER_DEFAULTS);
    this.popup_redirect_uri = given.popup_redirect_uri ?? this.redirect_uri;
    this.popup_post_logout_redirect_uri = given.popup_post_logout_redirect_uri ?? this.post_logout_redirect_uri;
    this.silent_redirect_uri = given.silent_redirect_uri ?? this.redirect_uri;
    this.silentRequestTimeoutInSeconds = given.silentRequestTimeoutInSeconds ?? (given.requestTimeoutInSeconds || 10);
    this.userStore = given.userStore ?? storeIn("sessionStorage");
  }
}
