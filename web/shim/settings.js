// @ts-check
// Settings with their defaults, under the names of oidc-client-ts.

import { own } from "./own.js";
import { WebStorageStateStore } from "./stores.js";
import { trace } from "./trace.js";

/** A store for what one page keeps: in the storage of that name; a server keeps nothing, nor does a page that may not. */
function storeIn(name) {
  let store = [];
  try {
    store = window[name];
  } catch {}
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

/** Where a provider describes itself (OIDC Discovery 4). */
export function metadataURL(authority) {
  return `${authority?.replace(/\/?$/, "/")}.well-known/openid-configuration`;
}

/** Assigns the defaults, and what is given over them. */
function take(target, defaults, given) {
  Object.assign(target, defaults);
  for (const [name, value] of Object.entries(given)) if (value != null) target[name] = value;
}

/** The settings of an OidcClient. What is not set is in no prototype. */
export class OidcClientSettingsStore {
  static {
    Object.setPrototypeOf(this.prototype, null);
  }

  constructor(given = {}) {
    take(this, CLIENT_DEFAULTS, given);
    this.metadataUrl ??= metadataURL(this.authority);
    this.stateStore ??= storeIn("localStorage");
  }
}

const MANAGER_DEFAULTS = {
  popupWindowFeatures: { location: false, toolbar: false, height: 640, closePopupWindowAfterInSeconds: -1 },
  popupWindowTarget: "_blank",
  redirectMethod: "assign",
  redirectTarget: "self",
  automaticSilentRenew: true,
  validateSubOnSilentRenew: true,
  includeIdTokenInSilentRenew: true,
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
  constructor(given = {}) {
    super(given);
    take(this, MANAGER_DEFAULTS, given);
    this.popup_redirect_uri ??= this.redirect_uri;
    this.popup_post_logout_redirect_uri ??= this.post_logout_redirect_uri;
    this.silent_redirect_uri ??= this.redirect_uri;
    this.silentRequestTimeoutInSeconds ??= this.requestTimeoutInSeconds || 10;
    this.userStore ??= storeIn("sessionStorage");
  }
}

/** Settings of oidc-client-ts that are there for what is not done here; see docs/migrating-from-oidc-client-ts.md. */
const NO_EFFECT = [
  "userStore", "stateStore", "validateSubOnSilentRenew", "includeIdTokenInSilentSignout", "maxSilentRenewTimeoutRetries",
  "iframeNotifyParentOrigin", "iframeScriptOrigin", "revokeTokenAdditionalContentTypes",
];

/** Tells the log of settings that have no effect. */
export function mentionUnused(given) {
  trace.unused?.(NO_EFFECT.filter((name) => (given[name] ?? true) !== true));
}

/** What the program is told of settings: headers that are functions stay here. */
export function forProgram({ host, assets, popupWindowFeatures, popupWindowTarget, popupAbortOnClose, redirectMethod, redirectTarget, iframeAttributes, dpop, extraHeaders, ...settings }) {
  for (const name of NO_EFFECT) delete settings[name];
  const headers = Object.entries(extraHeaders ?? {}).map(([name, value]) => [name, typeof value === "function" ? null : value]);
  return { ...settings, dpop: own(dpop).store ? { ...dpop, store: undefined } : dpop, extraHeaders: Object.fromEntries(headers) };
}
