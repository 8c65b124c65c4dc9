/**
 * OpenID Connect for single-page apps. The names are those of the
 * specifications and of oidc-client-ts.
 */

import type { ExtraHeader, MetadataService, OidcMetadata, SignoutResponse, UserManagerSettingsStore } from "./client.js";
import type { DPoPStore, StateStore } from "./stores.js";

/** Why something failed. Codes are stable; docs/errors.md has cause and cure. */
export type OIDCErrorCode =
  | "invalid_argument" | "invalid_config" | "insecure_url"
  | "metadata_invalid" | "issuer_mismatch" | "unsupported"
  | "network" | "cors_refused" | "timeout" | "aborted" | "disposed" | "redirect_refused" | "answer_forged"
  | "http_status" | "response_too_large" | "not_json"
  | "callback_missing" | "callback_malformed" | "state_unknown" | "state_mismatch"
  | "redirect_uri_mismatch" | "transaction_expired" | "target_not_allowed"
  | "provider_error"
  | "token_response_invalid" | "token_type_not_allowed" | "id_token_missing" | "push_response_invalid" | "introspection_invalid" | "token_inactive" | "token_malformed" | "token_not_encrypted" | "decryption_failed" | "claim_invalid"
  | "typ_not_allowed" | "header_not_allowed" | "alg_not_allowed" | "key_not_found"
  | "keys_invalid" | "signature_invalid" | "audience_mismatch" | "azp_mismatch"
  | "token_expired" | "token_not_yet_valid" | "issued_in_future" | "clock_skew" | "nonce_mismatch"
  | "auth_time_too_old" | "acr_not_met" | "at_hash_mismatch" | "subject_changed" | "session_mismatch"
  | "session_ended" | "logout_token_replayed" | "insufficient_scope" | "challenge_malformed"
  | "dpop_required" | "dpop_not_bound" | "dpop_proof_missing" | "dpop_key_invalid"
  | "dpop_key_mismatch" | "dpop_method_mismatch" | "dpop_url_mismatch"
  | "dpop_token_mismatch" | "dpop_proof_expired" | "dpop_nonce_invalid" | "dpop_replayed"
  | "dpop_key_lost" | "dpop_nonce_hidden" | "redirect_uri_shared" | "client_mismatch" | "callback_unread"
  | "not_signed_in" | "frame_no_response" | "page_gone" | "storage_unavailable"
  | "fetch_not_allowed" | "step_up_required"
  | "popup_blocked" | "popup_closed" | "popup_severed" | "form_blocked"
  | "version_mismatch" | "internal"
  | "worker_not_found" | "wasm_not_found" | "wasm_wrong_type" | "wasm_blocked_by_csp"
  | "wasm_invalid" | "runtime_stopped";

/** Every failure. No message ever holds a secret; what the provider wrote itself is in properties of ErrorResponse alone. */
export class OIDCError extends Error {
  constructor(message: string, data: { code: OIDCErrorCode });
  readonly code: OIDCErrorCode;
  /** The claim that failed a check, and the step of the specification. */
  readonly claim?: string;
  readonly step?: string;
  /** "discovery", "jwks", "authorization", "token", "userinfo". */
  readonly endpoint?: string;
  /** HTTP status. */
  readonly status?: number;
  /** Of clock_skew: seconds that the provider's clock is ahead of this one, negative if it is behind. */
  readonly skew?: number;
}

/** The provider said no (RFC 6749 4.1.2.1 and 5.2). */
export class ErrorResponse extends OIDCError {
  /** The provider's code: "access_denied", "login_required", ... */
  readonly error: string;
  /** The provider's text: not to be shown as HTML. */
  readonly error_description: string | null;
  readonly error_uri: string | null;
  readonly session_state: string | null;
  /** The provider's text, and which setting mends it, where that is known. */
  message: string;
  /** What was given to the sign-in that was refused. */
  state?: unknown;
  url_state?: string;
  /** What the app gave to the constructor: this library never sets it, as it would hold secrets. */
  readonly form?: URLSearchParams;
  constructor(args: {
    error?: string | null; error_description?: string | null; error_uri?: string | null;
    session_state?: string | null; userState?: unknown;
  }, form?: URLSearchParams);
}

/** Nothing came in the time allowed. */
export class ErrorTimeout extends OIDCError {
  constructor(message?: string);
}

/** Parameters that settings and single sign-ins share (OIDC Core 3.1.2.1). */
export interface RequestParameters {
  /** Space-separated; "openid" is added. Default "openid". */
  scope?: string;
  redirect_uri?: string;
  /** "code", the only one; another is unsupported. */
  response_type?: string;
  prompt?: string;
  display?: string;
  /**
   * Seconds since the person has signed in at the provider, at most. As a setting it holds for the hidden frame, too, where
   * the provider answers login_required to who came before that: without a refresh token the session ends with the first
   * renewal after it, and a reload restores nothing. Give it to single sign-ins where that is not meant.
   */
  max_age?: number;
  ui_locales?: string;
  acr_values?: string;
  /** OIDC Core 5.5, as an object or as JSON; what it calls essential is checked. */
  claims?: string | object;
  /** With "jwt", the provider signs its response (JARM). */
  response_mode?: "query" | "fragment" | "jwt" | "query.jwt" | "fragment.jwt";
  /** RFC 8707. */
  resource?: string | string[];
  extraQueryParams?: Record<string, string | number | boolean>;
}

/** What a provider says of itself (OIDC Discovery 3); others than these are passed over. */
export interface ProviderMetadata {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri: string;
  /** Default what every provider has: "code", "public", "RS256". */
  response_types_supported?: string[];
  subject_types_supported?: string[];
  id_token_signing_alg_values_supported?: string[];
  userinfo_endpoint?: string;
  end_session_endpoint?: string;
  revocation_endpoint?: string;
  check_session_iframe?: string;
  pushed_authorization_request_endpoint?: string;
  require_pushed_authorization_requests?: boolean;
  code_challenge_methods_supported?: string[];
  dpop_signing_alg_values_supported?: string[];
  authorization_signing_alg_values_supported?: string[];
  response_modes_supported?: string[];
  authorization_response_iss_parameter_supported?: boolean;
  [member: string]: unknown;
}

export interface UserManagerSettings extends RequestParameters {
  /**
   * The Issuer Identifier, character by character as the provider gives it. Where that has
   * the segment {tenantid}, the authority for several tenants; see allowed_tenants.
   */
  authority: string;
  client_id: string;
  /**
   * Where the provider sends the browser back to: callback.html, or a page of the app that calls signinCallback().
   * Of the page's own origin, or else the app has a navigator that brings the response back, as the scheme of an
   * installed app takes one (com.example.app:/callback). All addresses in settings are absolute.
   */
  redirect_uri: string;
  /** The same for the hidden frame. Default redirect_uri. */
  silent_redirect_uri?: string;
  post_logout_redirect_uri?: string;
  /** The same for popup windows. Default redirect_uri, and post_logout_redirect_uri. */
  popup_redirect_uri?: string;
  popup_post_logout_redirect_uri?: string;
  /** How popup windows are opened, as in SigninPopupArgs. */
  popupWindowFeatures?: PopupWindowFeatures;
  popupWindowTarget?: string;
  popupAbortOnClose?: boolean;
  /** What fetch() may send the access token to. */
  fetch?: FetchSettings;
  /** For providers that give every client a secret; what browsers load holds none. */
  client_secret?: string;
  /** How the secret is used. Default "client_secret_post". */
  client_authentication?: "client_secret_post" | "client_secret_basic" | "client_secret_jwt";
  /** Of client_secret_jwt. Default "HS256". */
  token_endpoint_auth_signing_alg?: "HS256" | "HS384" | "HS512";
  /** Pushes requests to the provider (RFC 9126). Default "auto": where it demands that. */
  par?: "auto" | "off" | "required";
  /**
   * Binds the tokens to a key that never leaves the worker (RFC 9449). Default
   * false. bind_authorization_code binds the code, too, which for a redirect
   * takes a program that outlives the page: the host "shared". A store has no effect.
   */
  dpop?: boolean | { bind_authorization_code?: boolean; store?: DPoPStore };
  /** The provider's metadata (Discovery 3), in the place of what it publishes; it passes the same checks, so that what every provider has must be there. */
  metadata?: ProviderMetadata | Partial<OidcMetadata>;
  /**
   * Members that take the place of those that the provider publishes. What it can do and
   * does not announce is said here: dpop_signing_alg_values_supported for dpop,
   * pushed_authorization_request_endpoint for par, response_modes_supported for response_mode.
   */
  metadataSeed?: Partial<ProviderMetadata>;
  /** Where the metadata is. Default authority + "/.well-known/openid-configuration". */
  metadataUrl?: string;
  /** The provider's keys (RFC 7517), in the place of those at its jwks_uri. */
  signingKeys?: Record<string, unknown>[];
  /**
   * Audiences that an ID Token may name beside client_id although it has no azp, and
   * signed responses and claims at all. With an azp that is client_id, an ID Token may
   * name any. Default: none.
   */
  trusted_audiences?: string[];
  /**
   * For a provider with several tenants, whose metadata has {tenantid} in issuer, such
   * as Microsoft Entra under "common" and "organizations": the tenants, by their GUID in
   * lower case, whose users may sign in. An empty list is invalid_config, and so is one
   * with the authority of one tenant. Default: all that the provider lets in.
   */
  allowed_tenants?: string[];
  /**
   * Whether a sign-out revokes the refresh token before it goes to the provider, which may
   * then have no session left to end (Keycloak leaves an identity provider behind it signed in).
   * Default: if the token would outlive the sign-out: it has the scope offline_access, or the
   * provider has no end_session_endpoint.
   */
  revokeTokensOnSignout?: boolean;
  /** Which tokens revokeTokens() and a sign-out revoke, in this order. Default: both, and at a sign-out the refresh token. */
  revokeTokenTypes?: ("access_token" | "refresh_token")[];
  /** Of the request for tokens with a code; those of the protocol are refused. */
  extraTokenParams?: Record<string, string | number | boolean>;
  /** Whether extraTokenParams go with requests with the refresh token, too, which call for none. Default false. */
  extraTokenParamsAtRefresh?: boolean;
  /**
   * Has the first sign-in after a sign-out ask for the login (prompt=login) where the provider has no end_session_endpoint:
   * it would let in whoever was there before. Not where a prompt is set. Default false.
   */
  promptAfterSignout?: boolean;
  /**
   * Go with every request to the provider that is for this page; none replaces one
   * of the protocol's. A function is called before each request, in this page or in
   * another one that is open and has that function, and may return a promise: a
   * request whose headers nobody answers is not sent (page_gone), and a header that
   * comes out empty is left out.
   */
  extraHeaders?: Record<string, ExtraHeader>;
  /** Space-separated: of the granted scopes, those that a request with the refresh token names. Default: all. */
  refreshTokenAllowedScope?: string;
  /** Members of token responses that users keep as extraTokenResponseProperties. Default: none. */
  extraTokenResponseKeys?: string[];
  /** How long a single request to the provider may take; after that it fails with timeout. Default 10. */
  requestTimeoutInSeconds?: number;
  /**
   * What becomes of an array that the ID Token and the userinfo endpoint both
   * have: "replace" takes that of the endpoint, "merge" the values of both.
   * Objects are merged member by member. Default "replace".
   */
  mergeClaimsStrategy?: { array: "replace" | "merge" };
  /**
   * Leaves claims that concern the protocol alone out of the profile, or those
   * of a list; sub, iss, aud, exp and iat always stay. Default true.
   */
  filterProtocolClaims?: boolean | string[];
  /** Sends no scope: the provider knows what to grant, "openid" with it. Default false. */
  omitScopeWhenRequesting?: boolean;
  /** How long a sign-in or a sign-out that leaves the page may take, seconds, up to a day. Default 900. */
  staleStateAgeInSeconds?: number;
  /**
   * With "include", cookies of the provider go with requests for metadata,
   * tokens and claims, and with pushed ones, not with those for keys or with
   * fetch(). It has to allow that, and the app's origin by its name (CORS).
   * Any other value, and none, is "omit".
   */
  fetchRequestCredentials?: RequestCredentials;
  /** Has no effect: PKCE protects the code, and who does not know it passes it over. */
  disablePKCE?: boolean;
  /** Adds the claims of the userinfo endpoint to the profile. Default false. */
  loadUserInfo?: boolean;
  /**
   * Renews before the access token expires, and before the refresh token does, if that is sooner and the token response says it
   * (refresh_expires_in or refresh_token_expires_in, at least 45 s): not for who is signed out before, as idle says. Default
   * true. getUser() renews an access token that has expired in any case.
   */
  automaticSilentRenew?: boolean;
  /**
   * How a session is restored that was there before a reload, where the
   * program does not know of it any more. "silent" asks in a hidden frame,
   * which needs the provider's cookies there; "redirect" sends the tab to the
   * provider and back, once, without showing anything (prompt=none); a provider that
   * ignores that shows its login page if its session is over (Amazon Cognito). "off"
   * does neither. Default "silent".
   */
  restore?: "silent" | "redirect" | "off";
  /**
   * When prepare() is called by itself: "intent" when somebody comes near an
   * element with the attribute data-oidcspa-signin, by pointer, touch or focus;
   * "idle" when the page has nothing else to do. Neither for who saves data or has
   * a slow network. Default: never.
   */
  prepare?: "intent" | "idle";
  /** Sends id_token_hint with silent sign-ins. Default true. */
  includeIdTokenInSilentRenew?: boolean;
  /** Life of the hidden frame, seconds; a minute at most. Default requestTimeoutInSeconds, or 10. */
  silentRequestTimeoutInSeconds?: number;
  /** Seconds. Default 60, and never more than a third of the token's life. */
  accessTokenExpiringNotificationTimeInSeconds?: number;
  /**
   * Asks the provider's frame whether somebody is still signed in there (OpenID Connect Session Management 1.0). It works
   * where that frame sees the provider's cookies: if app and provider share a site, in every browser; otherwise where
   * third-party cookies are allowed. Where it does not, it ends by itself: stats() says unwatched. Default false.
   */
  monitorSession?: boolean;
  /** The same while nobody is signed in here. Starts the worker. Default false. */
  monitorAnonymousSession?: boolean;
  /** Default 2. */
  checkSessionIntervalInSeconds?: number;
  /** Ends the questions when the provider's frame calls one an error. Default true. */
  stopCheckSessionOnError?: boolean;
  /** "code", the only one. */
  query_status_response_type?: string;
  /**
   * Where a server of the app says that the provider has ended the session: server-sent events, which package resource
   * serves (OpenID Connect Back-Channel Logout 1.0). An absolute address on fetch.allow, as it gets the access token; the
   * policy of the worker has to allow its origin. What follows is that of monitorSession, without a frame or its cookies:
   * userSignedOut and userUnloaded in every tab. One stream stays open for all tabs of a shared worker, elsewhere one for
   * each page: let the server speak HTTP/2. Default: nobody listens.
   */
  logoutEvents?: string;
  /** Signs out who does nothing in any tab. Of tabs with different times the shortest counts. Default: nobody. */
  idle?: IdleSettings;
  /**
   * How a sign-out reaches the provider: "post" sends a form, which has room for an ID Token of any length and keeps it out of
   * addresses and logs; with "get" one that makes the address longer than 6 kB is left out. The form-action of the page's policy
   * has to allow every origin that the sign-out leads to, the app's own ('self') included, form_blocked otherwise. Cookies
   * with SameSite=Lax do not go along to another site. A navigator of the app gets an address all the same, without the token. Default "get".
   */
  signoutMethod?: "get" | "post";
  /** How the tab goes to the provider: "replace" leaves no entry in its history. Default "assign". */
  redirectMethod?: "replace" | "assign";
  /** "top" sends the whole window there, for an app in a frame. Default "self". */
  redirectTarget?: "top" | "self";
  /** Attributes of the hidden frame of silent sign-ins, such as allow. Default: none. */
  iframeAttributes?: Record<string, string>;
  /** Has no effect: the user and the tokens are in the program, for all tabs. */
  userStore?: StateStore;
  /** Has no effect: what belongs to a sign-in under way is kept in the tab. */
  stateStore?: StateStore;
  /** Has no effect: a renewal never brings another person. */
  validateSubOnSilentRenew?: boolean;
  /** Has no effect: a sign-out has id_token_hint, as with oidc-client-ts. */
  includeIdTokenInSilentSignout?: boolean;
  /** Has no effect: renewals are tried again with growing pauses, for as long as the session lives. */
  maxSilentRenewTimeoutRetries?: number;
  /** Have no effect: frames and windows answer to their own origin. */
  iframeNotifyParentOrigin?: string;
  iframeScriptOrigin?: string;
  /** Has no effect: the status of a revocation says whether it has succeeded. */
  revokeTokenAdditionalContentTypes?: string[];
  /** Where the program runs. Default: the first of these that works. */
  host?: "shared" | "dedicated" | "page";
  /** The folder of worker and wasm, relative to oidcspa.js. Default its own. */
  assets?: string;
}

/** The setting fetch. */
export interface FetchSettings {
  /** Default: nothing. The longest path wins. */
  allow?: (string | AllowedAPI)[];
  /**
   * Answers an API that asks for a stronger sign-in (RFC 9470), or for scopes
   * that the token lacks. "popup" opens a window within a few seconds of a
   * click, and repeats the request once; in Safari, and later, that is
   * popup_blocked: on stepUpRequired show a button that calls signinPopup with
   * what is asked for, and fetch again. "redirect" leaves the page,
   * with which the request is lost: repeat it after the sign-in. Default: the
   * app gets the API's answer. With each of them it hears stepUpRequired. A
   * challenge that comes back within a minute is not answered again.
   */
  stepUp?: "popup" | "redirect";
}

/** What fetch() may send an access token to. */
export interface AllowedAPI {
  /**
   * Origin and path, absolute: "https://api.example.com/v1" is that address
   * and what lies below it, and neither /v10 nor another host. No query and no *.
   * International names in their ASCII form.
   */
  url: string;
  /** Has an access token of its own (RFC 8707), fetched when it is first needed. */
  resource?: string;
  /**
   * The token goes along when the API redirects on its own origin, to any
   * path: whoever can have it redirect chooses who there gets the token.
   * Default: the answer is an error, redirect_refused; but an entry without a
   * path follows redirects, unless another one of its origin has another
   * resource. A token that is bound to a key (dpop) never follows one.
   */
  tokenFollowsRedirects?: boolean;
}

/** What an API asks for (RFC 9470 3, RFC 6750 3.1). */
export interface StepUpChallenge {
  /** Of the request. */
  readonly url: string;
  /** Space-separated; one of them is needed. */
  readonly acr_values?: string;
  /** Seconds since the sign-in. */
  readonly max_age?: number;
  /** Space-separated; all of them are needed. */
  readonly scope?: string;
}

export interface IdleSettings {
  /** The longest time without activity, up to a day. Has to be there without ofRefreshToken. */
  timeoutInSeconds?: number;
  /**
   * The life of the refresh token, if that is shorter, at least 45 s, and the token response says it: refresh_expires_in or
   * refresh_token_expires_in. Default false.
   */
  ofRefreshToken?: boolean;
  /** How long before the end idleCountdown begins; half of the time at most. Default 60. */
  warnInSeconds?: number;
  /** "signout" (default) ends the provider's session, too; "remove" forgets the user here. */
  action?: "signout" | "remove";
}

/** The registered claims of a JWT (RFC 7519 4.1). Times are seconds since the epoch. */
export interface JwtClaims {
  iss?: string;
  sub?: string;
  aud?: string | string[];
  exp?: number;
  nbf?: number;
  iat?: number;
  jti?: string;
  [claim: string]: unknown;
}

/** OIDC Core 5.1.1. */
export interface OidcAddressClaim {
  formatted?: string;
  street_address?: string;
  locality?: string;
  region?: string;
  postal_code?: string;
  country?: string;
}

/** What a provider may know of somebody (OIDC Core 5.1). Nobody checks these. */
export interface OidcStandardClaims {
  sub?: string;
  name?: string;
  given_name?: string;
  family_name?: string;
  middle_name?: string;
  nickname?: string;
  preferred_username?: string;
  profile?: string;
  picture?: string;
  website?: string;
  email?: string;
  email_verified?: boolean;
  gender?: string;
  birthdate?: string;
  zoneinfo?: string;
  locale?: string;
  phone_number?: string;
  phone_number_verified?: boolean;
  address?: OidcAddressClaim;
  /** Seconds since the epoch. */
  updated_at?: number;
}

/** The claims of an ID Token that passed the checks (OIDC Core 2). */
export interface IdTokenClaims extends OidcStandardClaims {
  sub: string;
  iss: string;
  aud: string | string[];
  /** Seconds since the epoch, as the times below. */
  exp: number;
  iat: number;
  nbf?: number;
  jti?: string;
  auth_time?: number;
  nonce?: string;
  acr?: string;
  amr?: unknown;
  azp?: string;
  /** The session at the provider (OIDC Front-Channel Logout 1.0, 3). */
  sid?: string;
  [claim: string]: unknown;
}

/** The claims of the ID Token about the End-User, with those of the userinfo endpoint if loadUserInfo is set. */
export type UserProfile = IdTokenClaims;

/** Somebody who is signed in. */
export class User {
  constructor(fields: {
    access_token: string; token_type: string; profile: UserProfile;
    id_token?: string; refresh_token?: string; scope?: string;
    /** Seconds since the epoch. */
    expires_at?: number;
    session_state?: string | null; userState?: unknown; url_state?: string;
  }, extraTokenResponseProperties?: Record<string, unknown>);
  access_token: string;
  token_type: string;
  id_token?: string;
  refresh_token?: string;
  /** What was granted, space-separated. */
  scope?: string;
  readonly scopes: string[];
  profile: UserProfile;
  /** When the access token expires, seconds since the epoch. */
  expires_at?: number;
  /** Seconds until then; setting it sets expires_at. */
  expires_in: number | undefined;
  readonly expired: boolean | undefined;
  session_state: string | null;
  /** What was given to signinRedirect, or to the constructor as userState. */
  readonly state?: unknown;
  readonly url_state?: string;
  /**
   * What the response that brought the user says beside, such as Keycloak's kc_action_status.
   * Whoever sends the person here can write it. Absent after a renewal.
   */
  readonly response_parameters?: Record<string, string>;
  /** The members of the token response that the setting extraTokenResponseKeys names. */
  extraTokenResponseProperties?: Record<string, unknown>;
  /** For apps that keep users themselves: this library writes no token to any storage. */
  toStorageString(): string;
  static fromStorageString(storageString: string): User;
}

/** What every sign-in can be given. */
export interface SigninArgs extends RequestParameters {
  login_hint?: string;
  id_token_hint?: string;
  /** Takes the place of a random one, and is checked like that: another for each sign-in, and not to be guessed. */
  nonce?: string;
  /** Travels in the parameter state, for all to read; the user has it afterwards. */
  url_state?: string;
  /** Of the request for tokens; those of the protocol are refused. */
  extraTokenParams?: Record<string, string | number | boolean>;
  /** A Request Object, or a reference to one (RFC 9101). */
  request?: string;
  request_uri?: string;
  /** Does not ask the userinfo endpoint. */
  skipUserInfo?: boolean;
}

export interface SigninRedirectArgs extends SigninArgs {
  /** Any JSON value; the user has it afterwards. */
  state?: unknown;
  /** Where callback.html hands the response to, on this origin. Default: this page. */
  return_to?: string;
  /** As in the settings. */
  redirectMethod?: "replace" | "assign";
  redirectTarget?: "top" | "self";
}

export interface SigninSilentArgs extends SigninArgs {
  /** Any JSON value, in the place of the user's; the renewed user has it. */
  state?: unknown;
  /** Asks in a hidden frame even if there is a refresh token. */
  forceIframeAuth?: boolean;
  /** Of the hidden frame, or of the request with the refresh token. Default: as in the settings. */
  silentRequestTimeoutInSeconds?: number;
  /** As in the settings; for a frame that opens meanwhile in this page. */
  iframeAttributes?: Record<string, string>;
}

/** What window.open takes; numbers are pixels. */
export interface PopupWindowFeatures {
  left?: number;
  top?: number;
  /** Default: what fits the browser's window, up to 800. */
  width?: number;
  /** Default 640. */
  height?: number;
  menubar?: boolean | string;
  toolbar?: boolean | string;
  location?: boolean | string;
  status?: boolean | string;
  resizable?: boolean | string;
  scrollbars?: boolean | string;
  /** Seconds; then the window is closed, and the call fails with timeout. Default: 15 minutes. */
  closePopupWindowAfterInSeconds?: number;
  [feature: string]: boolean | string | number | undefined;
}

export interface SigninPopupArgs extends SigninArgs {
  /** Any JSON value; the user has it afterwards. */
  state?: unknown;
  popupWindowFeatures?: PopupWindowFeatures;
  /** The name of the window. Default "_blank". */
  popupWindowTarget?: string;
  /** Closes the window, and the call fails with aborted. */
  popupSignal?: AbortSignal | null;
  /** Whether the call fails with popup_closed when somebody closes the window. Default true. */
  popupAbortOnClose?: boolean;
}

export interface SignoutArgs {
  post_logout_redirect_uri?: string;
  id_token_hint?: string;
  /** Travels in the parameter state, for all to read. */
  url_state?: string;
  /** What a provider wants beside, such as client_id and logout_uri at Amazon Cognito. */
  extraQueryParams?: Record<string, string | number | boolean>;
  /** Any JSON value; signoutCallback() returns it as userState. */
  state?: unknown;
}

export interface SignoutRedirectArgs extends SignoutArgs {
  /** As in the settings. */
  redirectMethod?: "replace" | "assign";
  redirectTarget?: "top" | "self";
}

export interface SignoutPopupArgs extends SignoutArgs {
  popupWindowFeatures?: PopupWindowFeatures;
  popupWindowTarget?: string;
  popupSignal?: AbortSignal | null;
  popupAbortOnClose?: boolean;
}

export interface SignoutSilentArgs extends SignoutArgs {
  /** Seconds. Default as in the settings. */
  silentRequestTimeoutInSeconds?: number;
}

/** With a password, for providers that still take one (RFC 6749 4.3). */
export interface SigninResourceOwnerCredentialsArgs {
  username: string;
  password: string;
  /** Does without the userinfo endpoint, whatever loadUserInfo says. */
  skipUserInfo?: boolean;
  /** Default as in the settings. */
  extraTokenParams?: Record<string, string | number | boolean>;
}

/** For accessTokenExpiring and accessTokenExpired. A promise is not waited for. */
export type AccessTokenCallback = (...ev: unknown[]) => Promise<void> | void;
export type UserLoadedCallback = (user: User) => Promise<void> | void;
export type UserUnloadedCallback = (reason?: OIDCError) => Promise<void> | void;
export type SilentRenewErrorCallback = (error: OIDCError) => Promise<void> | void;
export type UserSignedInCallback = () => Promise<void> | void;
export type UserSignedOutCallback = () => Promise<void> | void;
export type UserSessionChangedCallback = () => Promise<void> | void;
export type RevokeTokensTypes = ("access_token" | "refresh_token")[];

/** Each add function returns one that removes the callback again. */
export interface UserManagerEvents {
  /** Tells userLoaded. Times are watched for the user of the session alone. */
  load(user: User, raiseEvent?: boolean): Promise<void>;
  /** Tells userUnloaded. */
  unload(): Promise<void>;
  addUserLoaded(callback: UserLoadedCallback): () => void;
  removeUserLoaded(callback: UserLoadedCallback): void;
  /** With a reason if the session ended by itself: the provider knows of none any more. It is told once, and the user is gone. */
  addUserUnloaded(callback: UserUnloadedCallback): () => void;
  removeUserUnloaded(callback: UserUnloadedCallback): void;
  addAccessTokenExpiring(callback: AccessTokenCallback): () => void;
  removeAccessTokenExpiring(callback: AccessTokenCallback): void;
  addAccessTokenExpired(callback: AccessTokenCallback): () => void;
  removeAccessTokenExpired(callback: AccessTokenCallback): void;
  /** A renewal failed, and the session goes on. The first failure of a row is told; those that can pass are tried again. */
  addSilentRenewError(callback: SilentRenewErrorCallback): () => void;
  removeSilentRenewError(callback: SilentRenewErrorCallback): void;
  /** An API wants more than the access token has; in the tab whose request it was. */
  addStepUpRequired(callback: (challenge: StepUpChallenge) => void): () => void;
  removeStepUpRequired(callback: (challenge: StepUpChallenge) => void): void;
  /** getUser() found nobody although there was a session before: login_required of an ErrorResponse, frame_no_response, ... */
  addRestoreError(callback: (error: OIDCError) => void): () => void;
  removeRestoreError(callback: (error: OIDCError) => void): void;
  /** Somebody is signed in at the provider and nobody here: monitorAnonymousSession. */
  addUserSignedIn(callback: UserSignedInCallback): () => void;
  removeUserSignedIn(callback: UserSignedInCallback): void;
  /** The provider's session is over, or is somebody else's. Who was signed in here is unloaded next. */
  addUserSignedOut(callback: UserSignedOutCallback): () => void;
  removeUserSignedOut(callback: UserSignedOutCallback): void;
  /** The same person has another session at the provider. */
  addUserSessionChanged(callback: UserSessionChangedCallback): () => void;
  removeUserSessionChanged(callback: UserSessionChangedCallback): void;
  /**
   * Every second before an idle user is signed out; undefined when the user
   * stays. A callback that returns false keeps the user, as stayActive() does.
   */
  addIdleCountdown(callback: (secondsLeft: number | undefined) => boolean | void): () => void;
  removeIdleCountdown(callback: (secondsLeft: number | undefined) => boolean | void): void;
}

/** The session at the provider. */
export interface SessionStatus {
  readonly session_state: string;
  /** Who is signed in there, if somebody is. */
  readonly sub?: string;
}

/** Something that was done, and how long all of it took. */
export interface Measure {
  readonly count: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly time: number;
}

export interface StatsArgs {
  /** Whether to collect what is not in use first, which takes some milliseconds. Default false. */
  readonly collect?: boolean;
}

/** How the program is doing, and what the session has cost since it started. */
export interface Stats {
  readonly runtime: {
    /** Functions of the program that JavaScript can call. */
    readonly callbacks: number;
    /** Bytes that the program got from the browser. */
    readonly memory: number;
    /** Bytes of them that are in use, with what the next collection frees. */
    readonly heap: number;
  };
  /** To the provider, by kind: discovery, jwks, authorize (in the hidden frame), token, refresh, userinfo, revocation, par. */
  readonly requests: Readonly<Record<string, Measure>>;
  /** Of the access token. */
  readonly renewals: Measure;
  /** Of the session, after a reload. */
  readonly restores: Measure;
  /** Of renewals that had failed. */
  readonly retries: number;
  /**
   * Why monitorSession has no effect, until the next sign-out: the provider's frame does not answer, calls questions an
   * error, or does not see the provider's cookies, as the browser keeps them apart. Absent while it has.
   */
  readonly unwatched?: "no_answer" | "error" | "no_cookies";
  /** How this page came to the program. */
  readonly start?: StartPhases;
  /** The last sign-in that has brought a user since the program started, in whichever tab. */
  readonly signin?: SigninPhases;
}

/**
 * When something got how far. All times are milliseconds since the epoch, of
 * the system's clock (Date.now()), which pages and workers have in common: if
 * it is set meanwhile, that shows. Without performance.timeOrigin they can be
 * compared with performance.now(). What is not known is absent.
 */
export interface StartPhases {
  /**
   * The first call of this page but stats(), as the program names it ("getUser", "signinRedirect", "prepare"), or
   * "intent" or "idle" if prepare() was called because of the setting prepare.
   */
  readonly by?: string;
  /** The program ran already when the page called for it: what is about the program was before that. */
  readonly running?: true;
  /** Where the program runs. */
  readonly host?: "shared" | "dedicated" | "page";
  /** The page called for the program. */
  readonly called?: number;
  /** The worker's script ran. */
  readonly script?: number;
  /** The answer with the program's wasm began. */
  readonly answered?: number;
  /** All of the wasm was there. */
  readonly received?: number;
  /** It was compiled and instantiated. */
  readonly compiled?: number;
  /** The program had initialised itself, and ran. */
  readonly main?: number;
  /** The program had taken the settings of this page: calls are served. */
  readonly opened?: number;
}

/**
 * A sign-in by redirect or in a popup window; times are those of StartPhases.
 * What was before the tab left is known to the program that has sent it away
 * alone: it is absent if that has ended meanwhile, as it does on the hosts
 * "dedicated" and "page".
 */
export interface SigninPhases {
  /** The app called signinRedirect() or signinPopup(). */
  readonly called?: number;
  /** The program had the call. */
  readonly ready?: number;
  /** The provider's metadata was there; before called if it was there already. */
  readonly metadata?: number;
  /** The page was told where to go. */
  readonly left?: number;
  /** The program heard of the response, from the callback page or from the window. */
  readonly arrived?: number;
  /** The program had the call of signinCallback(); absent for windows. */
  readonly returned?: number;
  /** The token request began. */
  readonly exchange?: number;
  /** It was answered. */
  readonly tokens?: number;
  /** The ID Token had passed all checks. */
  readonly verified?: number;
  /** The user was given to the page, with the claims of userinfo if they are wanted. */
  readonly user?: number;
  /** The token request was made when the callback page told of the response, and did not wait for signinCallback(). */
  readonly ahead: boolean;
}

/** What a navigator is told of a request. */
export interface NavigateParams {
  url: string;
  /** Never set: the nonce is the program's. */
  nonce?: string;
  /** Absent if the request was pushed (RFC 9126), except for windows. */
  state?: string;
  /** Where the response is; absent if the request was pushed or does not say. */
  response_mode?: "query" | "fragment";
  /** Never set: an answer has to come from the app's own origin. */
  scriptOrigin?: string;
}

export interface NavigateResponse {
  /** The provider's response: the address at which the navigation ended. */
  url: string;
}

/** One way to the provider and back. */
export interface IWindow {
  /** Goes to the provider, and resolves with its response; one for redirects resolves as it likes. */
  navigate(params: NavigateParams): Promise<NavigateResponse>;
  /** Is called when the navigation has failed. */
  close(): void;
}

/** The app's own way to the provider, such as the browser that a mobile app opens. */
export interface INavigator {
  /**
   * Is called in the same tick as the call that leaves or opens a window. params are those of RedirectParams,
   * PopupWindowParams as they were given to the call, or IFrameWindowParams.
   */
  prepare(params: unknown): Promise<IWindow>;
  /** Is called by the callbacks of its kind, in the place of what they do; by signinCallback() and signoutCallback() in a window that has an opener, or a frame. */
  callback(url: string, params?: unknown): Promise<void>;
}

/**
 * One client of one provider. All tabs of an origin share its session. Every
 * promise rejects with an OIDCError.
 */
export class UserManager {
  /**
   * Works at once; nothing is started before the first call. Navigators take the
   * place of redirects, of popup windows and of hidden frames. They see the
   * provider's responses, which are of no use without what the program keeps.
   */
  constructor(
    settings: UserManagerSettings, redirectNavigator?: INavigator, popupNavigator?: INavigator, iframeNavigator?: INavigator,
  );
  /**
   * Ends this manager, not the session: its listeners go, its events are silent,
   * the program closes its connection, and calls that are under way or come later
   * fail with disposed. A response that signinCallback() is reading is read to
   * its end, and another manager of the same client, which asks for it meanwhile,
   * gets the same result: effects that a framework runs twice may make a manager
   * and dispose of it each time.
   */
  dispose(): Promise<void>;
  /** What was given, and the defaults of the rest. */
  readonly settings: UserManagerSettingsStore;
  /** What the provider says of itself. */
  readonly metadataService: MetadataService;
  readonly events: UserManagerEvents;
  /**
   * Who is signed in, with an access token that is not known to be expired: an
   * expired one is renewed first. If that fails and may succeed later, the
   * promise rejects (network, timeout, http_status, ...) and the user stays
   * signed in; if the session is over, the answer is null. After a reload the
   * session is restored; see the setting restore and the event restoreError. In
   * a page that comes back after one that was left during signinCallback() it
   * completes that sign-in, or rejects as that would have: with state_unknown if
   * the program has ended meanwhile.
   * With raiseEvent, userLoaded is told here.
   */
  getUser(raiseEvent?: boolean): Promise<User | null>;
  /**
   * Makes somebody the user of all tabs, who hear userLoaded; with null, as
   * removeUser(). An ID Token that is not that of the present user is verified
   * first, but for the nonce. A token that is bound to a key (dpop) has to be that
   * of the present user, or to come with its refresh token. What is added to the profile stays until a renewal
   * brings a new ID Token. If the session of the present user ends meanwhile, and the tokens are of that one, it is
   * not_signed_in.
   */
  storeUser(user: User | null): Promise<void>;
  /**
   * Starts the program, and fetches what a sign-in needs of the provider, so that
   * the sign-in itself does not wait for that. Call it when somebody is about to
   * sign in; see the setting prepare.
   */
  prepare(): Promise<void>;
  /**
   * Goes to the provider's login page. Settles only if this page is shown again. Codes: callback_unread for the sixth
   * time within seconds that a page of this tab leaves for one, and none has called signinCallback() for what came back.
   */
  signinRedirect(args?: SigninRedirectArgs): Promise<void>;
  /**
   * Completes a sign-in, and takes the response out of the address bar. In a
   * hidden frame or a popup window the response goes to the page that waits
   * for it, and the result is undefined. If it answers nothing that this tab started,
   * the sign-in that the tab has left for begins again, once, and the promise does not
   * settle; else the result is who is signed in. Codes: callback_missing if the address
   * holds no response, state_unknown if nobody is signed in then. A refusal without a
   * state is provider_error with its code, and stays in an address at which no sign-in of
   * this tab is awaited: it may be the app's own.
   */
  signinCallback(url?: string): Promise<User | undefined>;
  /** The same. */
  signinRedirectCallback(url?: string): Promise<User>;
  /**
   * Renews with the refresh token, or in a hidden frame. A failure ends nothing: a user whose session the provider has ended
   * (error login_required of an ErrorResponse, subject_changed) stays until the program itself renews, before the access
   * token ends, or with the getUser() after that. removeUser() forgets the user at once.
   */
  signinSilent(args?: SigninSilentArgs): Promise<User | null>;
  /** In the frame, on a page of the app that is its redirect URI: as signinPopupCallback(). */
  signinSilentCallback(url?: string): Promise<void>;
  /** Signs in with a password. The ID Token is verified, if the provider gives one. */
  signinResourceOwnerCredentials(args: SigninResourceOwnerCredentialsArgs): Promise<User>;
  /** Renews from now on before the access token expires, or does not any more: as the setting automaticSilentRenew. */
  startSilentRenew(): void;
  stopSilentRenew(): void;
  /** Removes what is left of sign-ins that nobody has completed in time. */
  clearStaleState(): Promise<void>;
  /**
   * On the page that is registered as initiate_login_uri: begins the sign-in
   * that somebody else asks for (OIDC Core 4), and leads to target_link_uri,
   * which has to call signinCallback(). Settles only if this page is shown
   * again. Codes: callback_missing if the address asks for none,
   * issuer_mismatch, target_not_allowed.
   */
  signinInitiated(url?: string): Promise<void>;
  /**
   * Asks the provider in a hidden frame who is signed in there; null if it has
   * no session management. Nothing changes here.
   */
  querySessionStatus(args?: SigninSilentArgs): Promise<SessionStatus | null>;
  /** Somebody is there: the setting idle starts counting again. */
  stayActive(): Promise<void>;
  /**
   * Signs in with a popup window. Call it in the handler of a click, before
   * anything that waits: the window is opened at once. Codes: popup_blocked,
   * popup_closed, popup_severed, aborted, timeout.
   */
  signinPopup(args?: SigninPopupArgs): Promise<User>;
  /**
   * In the window, on a page of the app that is its redirect URI: hands the
   * response to the page that opened it. callback.html does that by itself,
   * and so does signinCallback.
   */
  signinPopupCallback(url?: string, keepOpen?: boolean): Promise<void>;
  /** signoutRedirect, with a popup window as in signinPopup. */
  signoutPopup(args?: SignoutPopupArgs): Promise<void>;
  signoutPopupCallback(url?: string, keepOpen?: boolean): Promise<void>;
  /**
   * signoutRedirect, in a hidden frame: for providers whose pages let themselves be framed. With frame_no_response, as
   * without a post_logout_redirect_uri, the user is signed out here, and of the provider that is not known. Codes:
   * frame_no_response, timeout.
   */
  signoutSilent(args?: SignoutSilentArgs): Promise<void>;
  signoutSilentCallback(url?: string): Promise<void>;
  /**
   * Forgets the user in all tabs; the provider's session goes on. Where nobody is signed in it stops restores and renewals,
   * but no sign-in that has left for the provider.
   */
  removeUser(): Promise<void>;
  /**
   * The header DPoP for one request with the user's access token, for the
   * setting dpop (RFC 9449 7.1). Send it with `Authorization: DPoP <token>`.
   * user is there for oidc-client-ts: it is always the one who is signed in.
   */
  dpopProof(url: string | URL, user?: User | null, method?: string, nonce?: string): Promise<string>;
  /**
   * The thumbprint of the key of the setting dpop (RFC 7638), which the
   * parameter dpop_jkt names: that of the user, or of who signs in next;
   * undefined without that setting. A hidden frame brings the user another key.
   * The argument is there for oidc-client-ts.
   */
  generateDPoPJkt(dpopSettings?: unknown): Promise<string | undefined>;
  /**
   * Tells the provider that tokens are not needed any more (RFC 7009). The
   * user stays signed in, without the refresh token if that was revoked.
   * Default: both.
   */
  revokeTokens(types?: ("access_token" | "refresh_token")[]): Promise<void>;
  /**
   * As the browser's fetch, with the access token, which does not enter the
   * page: the worker sends the request. An address that the setting fetch does
   * not allow is an error, fetch_not_allowed, and not sent. A token that is
   * about to expire is renewed first; after a 401 that says invalid_token it is
   * renewed and the request repeated, once, but not if its body is a stream.
   * A redirect that could lead the token off that list is an error,
   * redirect_refused; see AllowedAPI. Others are followed, to another origin
   * without the token.
   *
   * Differences to fetch: cookies and the referrer are never sent, and
   * the cache mode "default" is "no-store", as what the browser has kept may be
   * of the person before; credentials "include", redirect "manual", the mode "no-cors" and the
   * headers Authorization and DPoP are refused (invalid_argument); keepalive,
   * priority and referrerPolicy have no effect; the body of a Request object is read
   * to its end before it is sent, and so is a stream where the browser, as Firefox
   * and Safari, streams none: up to 64 MiB (invalid_argument). An abort rejects with the reason of the
   * signal, everything else with an OIDCError. Where the program runs in a
   * worker, connect-src of its policy has to name the API.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Forgets the user and ends the provider's session. Where it rejects, the user is forgotten all the same (unsupported,
   * network, ...), but for invalid_argument: the provider's session then goes on. Codes: form_blocked, with signoutMethod "post".
   */
  signoutRedirect(args?: SignoutRedirectArgs): Promise<void>;
  /**
   * Completes a sign-out, and takes the response out of the address bar.
   * Resolves to undefined if the app gave nothing to the sign-out, or if the
   * response goes to the page that waits for it.
   */
  signoutCallback(url?: string, keepOpen?: boolean): Promise<SignoutResponse | undefined>;
  /** The same, on the page of a redirect; there is always a response. */
  signoutRedirectCallback(url?: string): Promise<SignoutResponse>;
  /** How the program is doing. */
  stats(args?: StatsArgs): Promise<Stats>;
}
