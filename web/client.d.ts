// The protocol one step at a time, for apps that keep the session themselves,
// and the settings with their defaults.

import type {
  PopupWindowFeatures, ProviderMetadata, RequestParameters, SigninPopupArgs, SigninRedirectArgs, SigninSilentArgs, UserManagerSettings,
  UserProfile,
} from "./oidcspa.js";
import type { DPoPStore, StateStore } from "./stores.js";

/** A value of a header, or what computes it. */
export type ExtraHeader = string | (() => string | Promise<string>);

/** A public key of the provider (RFC 7517). */
export type SigningKey = Record<string, string | string[]>;

/** What providers say of themselves (OIDC Discovery 3). */
export interface OidcMetadata {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  token_endpoint_auth_methods_supported: string[];
  token_endpoint_auth_signing_alg_values_supported: string[];
  userinfo_endpoint: string;
  check_session_iframe: string;
  end_session_endpoint: string;
  jwks_uri: string;
  registration_endpoint: string;
  scopes_supported: string[];
  response_types_supported: string[];
  acr_values_supported: string[];
  subject_types_supported: string[];
  request_object_signing_alg_values_supported: string[];
  display_values_supported: string[];
  claim_types_supported: string[];
  claims_supported: string[];
  claims_parameter_supported: boolean;
  service_documentation: string;
  ui_locales_supported: string[];
  revocation_endpoint: string;
  introspection_endpoint: string;
  frontchannel_logout_supported: boolean;
  frontchannel_logout_session_supported: boolean;
  backchannel_logout_supported: boolean;
  backchannel_logout_session_supported: boolean;
  grant_types_supported: string[];
  response_modes_supported: string[];
  code_challenge_methods_supported: string[];
}

/** The settings of an OidcClient; those that a UserManager has, too, are described there. */
export interface OidcClientSettings extends Omit<RequestParameters, "redirect_uri" | "claims">, Pick<UserManagerSettings,
  "metadata" | "metadataSeed" | "metadataUrl" | "extraHeaders" | "extraTokenParams" | "filterProtocolClaims" | "mergeClaimsStrategy" | "disablePKCE" |
  "refreshTokenAllowedScope" | "requestTimeoutInSeconds" | "omitScopeWhenRequesting" | "fetchRequestCredentials" | "dpop" | "par" | "trusted_audiences" | "allowed_tenants"> {
  /** The Issuer Identifier, character by character as the provider gives it. */
  authority: string;
  client_id: string;
  redirect_uri: string;
  post_logout_redirect_uri?: string;
  /** "code", the only one. */
  response_type?: string;
  client_secret?: string;
  /** Default "client_secret_post". */
  client_authentication?: "client_secret_basic" | "client_secret_post" | "client_secret_jwt";
  /** Of client_secret_jwt. Default "HS256". */
  token_endpoint_auth_signing_alg?: "HS256" | "HS384" | "HS512";
  /** Adds the claims of the userinfo endpoint to the profile. Default false. */
  loadUserInfo?: boolean;
  /** The provider's keys, in the place of those at its jwks_uri. */
  signingKeys?: SigningKey[];
  /** What clearStaleState() clears. Default localStorage, with the prefix "oidc.". */
  stateStore?: StateStore;
  /** Of the same, seconds. Default 900. */
  staleStateAgeInSeconds?: number;
  /** Where the program runs. Default: the first of these that works. */
  host?: "shared" | "dedicated" | "page";
  /** The folder of worker and wasm, relative to the script. Default its own. */
  assets?: string;
}

/** What a store of settings can keep beside the settings that have an effect. */
export interface KeptSettings {
  metadataUrl?: string;
  metadata?: Partial<ProviderMetadata>;
  metadataSeed?: Partial<ProviderMetadata>;
  filterProtocolClaims?: boolean | string[];
  mergeClaimsStrategy?: { array: "replace" | "merge" };
  extraTokenParams?: Record<string, unknown>;
  extraHeaders?: Record<string, ExtraHeader>;
  disablePKCE?: boolean;
  fetchRequestCredentials?: RequestCredentials;
  refreshTokenAllowedScope?: string;
  requestTimeoutInSeconds?: number;
  omitScopeWhenRequesting?: boolean;
}

/**
 * Settings with their defaults, under the names of oidc-client-ts. It keeps
 * what it is given; that a value is here does not mean that it has an effect.
 */
export class OidcClientSettingsStore {
  constructor(settings: OidcClientSettings & KeptSettings);
  readonly authority: string;
  readonly metadataUrl: string;
  readonly metadata: Partial<ProviderMetadata> | undefined;
  readonly metadataSeed: Partial<ProviderMetadata> | undefined;
  readonly signingKeys: SigningKey[] | undefined;
  readonly client_id: string;
  readonly client_secret: string | undefined;
  readonly response_type: string;
  /** Default "openid". */
  readonly scope: string;
  readonly redirect_uri: string;
  readonly post_logout_redirect_uri: string | undefined;
  readonly client_authentication: "client_secret_basic" | "client_secret_post" | "client_secret_jwt";
  readonly token_endpoint_auth_signing_alg: "HS256" | "HS384" | "HS512";
  readonly prompt: string | undefined;
  readonly display: string | undefined;
  /** Seconds. */
  readonly max_age: number | undefined;
  readonly ui_locales: string | undefined;
  readonly acr_values: string | undefined;
  readonly resource: string | string[] | undefined;
  readonly response_mode: RequestParameters["response_mode"];
  readonly filterProtocolClaims: boolean | string[];
  readonly loadUserInfo: boolean;
  readonly staleStateAgeInSeconds: number;
  readonly mergeClaimsStrategy: { array: "replace" | "merge" };
  readonly omitScopeWhenRequesting: boolean;
  readonly stateStore: StateStore;
  readonly extraQueryParams: Record<string, string | number | boolean>;
  readonly extraTokenParams: Record<string, unknown>;
  readonly extraHeaders: Record<string, ExtraHeader>;
  readonly fetchRequestCredentials: RequestCredentials;
  readonly refreshTokenAllowedScope: string | undefined;
  readonly disablePKCE: boolean;
  /** Seconds. */
  readonly requestTimeoutInSeconds: number | undefined;
}

/** The same for a UserManager. */
export interface KeptManagerSettings extends KeptSettings {
  redirectMethod?: "replace" | "assign";
  redirectTarget?: "top" | "self";
  iframeNotifyParentOrigin?: string;
  iframeScriptOrigin?: string;
  validateSubOnSilentRenew?: boolean;
  revokeTokenTypes?: ("access_token" | "refresh_token")[];
  includeIdTokenInSilentSignout?: boolean;
  maxSilentRenewTimeoutRetries?: number;
  stateStore?: StateStore;
  staleStateAgeInSeconds?: number;
  userStore?: StateStore;
}

/** The settings of a UserManager with their defaults. */
export class UserManagerSettingsStore extends OidcClientSettingsStore {
  constructor(settings: Omit<UserManagerSettings, keyof KeptManagerSettings> & KeptManagerSettings);
  readonly popup_redirect_uri: string;
  readonly popup_post_logout_redirect_uri: string | undefined;
  readonly popupWindowFeatures: PopupWindowFeatures;
  readonly popupWindowTarget: string;
  readonly redirectMethod: "replace" | "assign";
  readonly redirectTarget: "top" | "self";
  readonly iframeNotifyParentOrigin: string | undefined;
  readonly iframeScriptOrigin: string | undefined;
  readonly silent_redirect_uri: string;
  /** Seconds. */
  readonly silentRequestTimeoutInSeconds: number;
  readonly automaticSilentRenew: boolean;
  readonly validateSubOnSilentRenew: boolean;
  readonly includeIdTokenInSilentRenew: boolean;
  readonly monitorSession: boolean;
  readonly monitorAnonymousSession: boolean;
  /** Seconds. */
  readonly checkSessionIntervalInSeconds: number;
  readonly query_status_response_type: string;
  readonly stopCheckSessionOnError: boolean;
  readonly revokeTokenTypes: ("access_token" | "refresh_token")[];
  readonly revokeTokensOnSignout: boolean;
  readonly includeIdTokenInSilentSignout: boolean;
  /** Seconds. */
  readonly accessTokenExpiringNotificationTimeInSeconds: number;
  readonly maxSilentRenewTimeoutRetries?: number;
  readonly userStore: StateStore;
}

/**
 * What the provider says of itself (OIDC Discovery 3), as it passed the checks
 * of the program: asked for when it is first needed. Promises reject with an
 * OIDCError (network, cors_refused, metadata_invalid, issuer_mismatch, ...), and with an
 * Error if what is not optional is missing.
 */
export class MetadataService {
  constructor(settings: OidcClientSettingsStore);
  getMetadata(): Promise<Partial<OidcMetadata>>;
  getIssuer(): Promise<string>;
  getAuthorizationEndpoint(): Promise<string>;
  getUserInfoEndpoint(): Promise<string>;
  getTokenEndpoint(optional: false): Promise<string>;
  getTokenEndpoint(optional?: true): Promise<string | undefined>;
  getCheckSessionIframe(): Promise<string | undefined>;
  getEndSessionEndpoint(): Promise<string | undefined>;
  getRevocationEndpoint(optional: false): Promise<string>;
  getRevocationEndpoint(optional?: true): Promise<string | undefined>;
  getKeysEndpoint(optional: false): Promise<string>;
  getKeysEndpoint(optional?: true): Promise<string | undefined>;
  /** The setting signingKeys, or null: the provider's own keys are used in the program alone. */
  getSigningKeys(): Promise<SigningKey[] | null>;
  /** Does nothing: the program fetches keys when it meets one that it does not know. */
  resetSigningKeys(): void;
}

/** What belongs to one request. */
export class State {
  constructor(args: { id?: string; data?: unknown; created?: number; request_type?: string; url_state?: string });
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly request_type: string | undefined;
  readonly url_state: string | undefined;
  readonly data?: unknown;
  toStorageString(): string;
  static fromStorageString(storageString: string): Promise<State>;
  /** Removes states that are older than age, in seconds, and what is none. */
  static clearStaleState(storage: StateStore, age: number): Promise<void>;
}

export interface SigninStateArgs {
  id?: string;
  data?: unknown;
  /** Seconds since the epoch. */
  created?: number;
  request_type?: string;
  code_verifier?: string;
  code_challenge?: string;
  authority: string;
  client_id: string;
  redirect_uri: string;
  scope: string;
  client_secret?: string;
  extraTokenParams?: Record<string, unknown>;
  response_mode?: "query" | "fragment";
  skipUserInfo?: boolean;
  url_state?: string;
  nonce?: string;
}

/** With code_verifier true, one is drawn (RFC 7636 4.1). */
export type SigninStateCreateArgs = Omit<SigninStateArgs, "code_verifier"> & { code_verifier?: string | boolean };

/** What belongs to one sign-in. One that an OidcClient made holds none of its secrets: they stay in the program. */
export class SigninState extends State {
  constructor(args: SigninStateArgs);
  readonly code_verifier: string | undefined;
  readonly code_challenge: string | undefined;
  readonly authority: string;
  readonly client_id: string;
  readonly redirect_uri: string;
  readonly scope: string;
  readonly client_secret: string | undefined;
  readonly extraTokenParams: Record<string, unknown> | undefined;
  /** Where the response is, signed or not. */
  readonly response_mode: "query" | "fragment" | undefined;
  readonly skipUserInfo: boolean | undefined;
  readonly nonce: string | undefined;
  /** Computes the challenge of the verifier, too. */
  static create(args: SigninStateCreateArgs): Promise<SigninState>;
  static fromStorageString(storageString: string): Promise<SigninState>;
}

/** The response to a sign-in (OIDC Core 3.1.2.5), and then what came of it. */
export class SigninResponse {
  /** The parameters of the address. */
  constructor(params: URLSearchParams);
  readonly state: string | null;
  session_state: string | null;
  readonly error: string | null;
  readonly error_description: string | null;
  readonly error_uri: string | null;
  readonly code: string | null;
  id_token?: string;
  /** "" until there is one. */
  access_token: string;
  token_type: string;
  refresh_token?: string;
  scope?: string;
  /** Seconds since the epoch. */
  expires_at?: number;
  /** What was given to createSigninRequest as state. */
  userState: unknown;
  url_state?: string;
  /** {} until there is an ID Token. */
  profile: UserProfile;
  /** Seconds; setting it sets expires_at. */
  get expires_in(): number | undefined;
  set expires_in(value: number | undefined);
  get isOpenId(): boolean;
}

/** The response to a sign-out (OIDC RP-Initiated Logout 1.0, 3). */
export class SignoutResponse {
  constructor(params: URLSearchParams);
  readonly state: string | null;
  error: string | null;
  error_description: string | null;
  error_uri: string | null;
  /** What was given to createSignoutRequest as state. */
  userState: unknown;
  url_state?: string;
}

export interface CreateSigninRequestArgs extends Omit<RequestParameters, "claims"> {
  /** "code", the only one; another is an Error. */
  response_type?: string;
  login_hint?: string;
  id_token_hint?: string;
  /** Takes the place of a random one, and is checked like that: another for each sign-in, and not to be guessed. */
  nonce?: string;
  /** Of the request for tokens; those of the protocol are refused. */
  extraTokenParams?: Record<string, string | number | boolean>;
  /** Any JSON value; the response has it as userState. */
  state?: unknown;
  /** Comes back with the response. */
  request_type?: string;
  url_state?: string;
  /** Does not ask the userinfo endpoint. */
  skipUserInfo?: boolean;
  /** A Request Object, or a reference to one (RFC 9101). */
  request?: string;
  request_uri?: string;
}

export interface CreateSignoutRequestArgs {
  id_token_hint?: string;
  post_logout_redirect_uri?: string;
  extraQueryParams?: Record<string, string | number | boolean>;
  /** Any JSON value; the response has it as userState. */
  state?: unknown;
  request_type?: string;
  url_state?: string;
}

// Parts of the arguments, under the names that wrappers build theirs of.
export type ExtraSigninRequestArgs = Pick<CreateSigninRequestArgs,
  | "nonce" | "extraQueryParams" | "extraTokenParams" | "state" | "redirect_uri" | "prompt" | "acr_values" | "login_hint" | "scope"
  | "max_age" | "ui_locales" | "resource" | "url_state">;
export type ExtraSignInSilentArgs = Pick<SigninSilentArgs, "forceIframeAuth">;
export type ExtraSignoutRequestArgs = Omit<CreateSignoutRequestArgs, "request_type">;
export type IFrameWindowParams = Pick<SigninSilentArgs, "silentRequestTimeoutInSeconds">;
export type PopupWindowParams = Pick<SigninPopupArgs, "popupWindowFeatures" | "popupWindowTarget" | "popupSignal" | "popupAbortOnClose">;
export type QuerySessionStatusArgs = IFrameWindowParams & ExtraSigninRequestArgs;
export type RedirectParams = Pick<SigninRedirectArgs, "redirectMethod" | "redirectTarget">;

/** What a SigninRequest is made of; an OidcClient makes it. */
export interface SigninRequestCreateArgs extends Omit<CreateSigninRequestArgs, "state" | "resource" | "redirect_uri" | "scope" | "response_type"> {
  url: string;
  authority: string;
  client_id: string;
  redirect_uri: string;
  response_type: string;
  scope: string;
  resource?: string | string[];
  dpopJkt?: string;
  client_secret?: string;
  disablePKCE?: boolean;
  omitScopeWhenRequesting?: boolean;
  state_data?: unknown;
}

/** What a SignoutRequest is made of; an OidcClient makes it. */
export interface SignoutRequestArgs extends Omit<CreateSignoutRequestArgs, "state"> {
  url: string;
  client_id?: string;
  state_data?: unknown;
}

/** Where to send the browser, and what belongs to it. */
export interface SigninRequest {
  readonly url: string;
  readonly state: SigninState;
}

/** Where to send the browser. state is there if there was something to keep. */
export interface SignoutRequest {
  readonly url: string;
  readonly state?: State;
}

/** What is known of a session that is to be renewed. */
export interface RefreshState {
  readonly data?: unknown;
  readonly refresh_token: string;
  readonly id_token?: string;
  readonly session_state: string | null;
  readonly scope?: string;
  readonly profile: UserProfile;
}

export interface UseRefreshTokenArgs {
  state: RefreshState;
  redirect_uri?: string;
  /** RFC 8707. */
  resource?: string | string[];
  /** Of the request. Default requestTimeoutInSeconds. */
  timeoutInSeconds?: number;
  extraTokenParams?: Record<string, string | number | boolean>;
  /** Of the request, as in processSigninResponse(). */
  extraHeaders?: Record<string, ExtraHeader>;
}

export type ProcessResourceOwnerPasswordCredentialsArgs = {
  username: string;
  password: string;
  /** Does without the userinfo endpoint, whatever loadUserInfo says. */
  skipUserInfo?: boolean;
  extraTokenParams?: Record<string, string | number | boolean>;
};

/**
 * Makes requests and reads responses; it keeps no session. Promises reject with
 * an OIDCError: an ErrorResponse if the provider said no.
 */
export class OidcClient {
  constructor(settings: OidcClientSettings | OidcClientSettingsStore, metadataService?: MetadataService);
  readonly settings: OidcClientSettingsStore;
  readonly metadataService: MetadataService;
  createSigninRequest(args?: CreateSigninRequestArgs): Promise<SigninRequest>;
  /** What belongs to a response; nothing is used up, unless removeState is true. Codes: callback_malformed, state_unknown, ... */
  readSigninResponseState(url: string, removeState?: boolean): Promise<{ state: SigninState; response: SigninResponse }>;
  /**
   * Exchanges the code, and verifies the ID Token (OIDC Core 3.1.3.7).
   * extraHeaders go with the request for tokens; they replace neither one of
   * the protocol's nor one of the setting of that name. With removeState false,
   * the state stays for another call.
   */
  processSigninResponse(url: string, extraHeaders?: Record<string, ExtraHeader>, removeState?: boolean): Promise<SigninResponse>;
  /**
   * A proof for one request to the token endpoint (RFC 9449) that the app sends
   * itself, with the key of the program's own requests; the store has no effect.
   * nonce is the server's, from then on for those requests, too.
   */
  getDpopProof(dpopStore: DPoPStore, nonce?: string): Promise<string>;
  /** With a password (RFC 6749 4.3). */
  processResourceOwnerPasswordCredentials(args: ProcessResourceOwnerPasswordCredentialsArgs): Promise<SigninResponse>;
  /** Renews (RFC 6749 6). The result has the refresh token to use next, also if no new one came. */
  useRefreshToken(args: UseRefreshTokenArgs): Promise<SigninResponse>;
  /** Rejects with unsupported if the provider has no such endpoint. */
  createSignoutRequest(args?: CreateSignoutRequestArgs): Promise<SignoutRequest>;
  /** What belongs to a response; nothing is used up, unless removeState is true. state is there if something was kept. */
  readSignoutResponseState(url: string, removeState?: boolean): Promise<{ state: State | undefined; response: SignoutResponse }>;
  processSignoutResponse(url: string): Promise<SignoutResponse>;
  /** RFC 7009. */
  revokeToken(token: string, type?: "access_token" | "refresh_token"): Promise<void>;
  /** Clears the setting stateStore. What the program keeps is removed with the next sign-in. */
  clearStaleState(): Promise<void>;
}
