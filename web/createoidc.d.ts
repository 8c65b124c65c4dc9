/**
 * The API of oidc-spa: whoever comes is signed in or not, and that does not change before another page is loaded. All of it
 * is described in docs/createoidc.md.
 */

import type { OidcMetadata } from "./client.js";
import type { SessionRestorationMethod } from "./entrypoint.js";
import type { OIDCErrorCode } from "./oidcspa.js";

/** The same as in entrypoint.js, which loads nothing else. */
export declare const oidcEarlyInit: typeof import("./entrypoint.js").oidcEarlyInit;

/** Why nobody could be found to be signed in. */
export class OidcInitializationError extends Error {
  constructor(params: { messageOrCause: string | Error; isAuthServerLikelyDown: boolean });
  /** Nothing came from the provider: it may be there again later. */
  readonly isAuthServerLikelyDown: boolean;
  /** That of the cause; docs/errors.md has cause and cure. */
  readonly code: OIDCErrorCode | undefined;
}

/** Values of parameters: those that are undefined are none. */
type Values = Record<string, string | undefined>;

/** Where a sign-out leads to. */
export type LogoutTarget =
  | { redirectTo: "home" | "current page" }
  | { redirectTo: "specific url"; url: string };

export type LogoutParams = (
  | LogoutTarget
  /** The provider leads to url itself, wherever that is; it has to be registered there as one to come to after a sign-out. */
  | { redirectTo: "registered url"; url: string }
) & {
  /** Are added to the request at the provider's end_session_endpoint. */
  extraQueryParams?: Values;
};

export interface ParamsOfCreateOidc<
  DecodedIdToken extends Record<string, unknown> = Oidc.Tokens.DecodedIdToken_OidcCoreSpec,
  AutoLogin extends boolean = false,
> {
  /** The Issuer Identifier, character by character as the provider gives it. */
  issuerUri: string;
  clientId: string;
  /** Default ["profile"]; "openid" is added. */
  scopes?: string[];
  /** Is given every address of the provider's authorization endpoint, and returns the one to go to; what protects the request stays as it is. */
  transformUrlBeforeRedirect?: (params: { authorizationUrl: string; isSilent: boolean }) => string;
  /** Are added to every one of them; a function is called each time. */
  extraQueryParams?: Values | ((params: { isSilent: boolean; url: string }) => Values);
  /** Are added to every request for tokens. Values alone: the program renews without the page. */
  extraTokenParams?: Values;
  /** Makes what the app wants to have of the claims; it may throw, which is initializationError. */
  decodedIdTokenSchema?: { parse: (decodedIdToken_original: Oidc.Tokens.DecodedIdToken_OidcCoreSpec) => DecodedIdToken };
  /**
   * Signs out who does nothing in any tab for so long: more than 30 s, up to a day; or for the life of the refresh token, if
   * that is known and shorter.
   */
  idleSessionLifetimeInSeconds?: number;
  /** Where the tab is then; url has to be below BASE_URL, and is read when that time has come. Default the current page. */
  autoLogoutParams?: LogoutTarget;
  /**
   * Whether a sign-out, also an automatic one, has the provider revoke the refresh token and the access token (RFC 7009); it
   * does not wait for that for long. Default: the refresh token, if it would outlive the sign-out: it has the scope
   * offline_access, or the provider has no end_session_endpoint.
   */
  revokeTokensOnLogout?: boolean;
  /** The tab goes to the provider if nobody is signed in. */
  autoLogin?: AutoLogin;
  /** Default that of oidcEarlyInit(), or "auto". */
  sessionRestorationMethod?: SessionRestorationMethod;
  /** Writes to the console what the program is asked for, and what comes of it; nothing that is secret. */
  debugLogs?: boolean;
  /** For a provider that gives every client a secret (Google); what browsers load holds none. */
  __unsafe_clientSecret?: string;
  /** Gives the ID Token where the access token would be (Google). */
  __unsafe_useIdTokenAsAccessToken?: boolean;
  /** The provider's metadata, in the place of what it publishes. */
  __metadata?: Partial<OidcMetadata>;
  /**
   * The root of the app, where the provider sends the browser back to. Default that of oidcEarlyInit(). With a query of its own, such as
   * "/?op=1", several issuers share it that do not say in their responses who they are.
   */
  BASE_URL?: string;
  /** Where a login leads to. Default: where it began. */
  postLoginRedirectUrl?: string;
  /** Has no effect: tokens are not bound to a key. */
  disableDPoP?: true;
}

export type Oidc<DecodedIdToken extends Record<string, unknown> = Oidc.Tokens.DecodedIdToken_OidcCoreSpec> =
  | Oidc.LoggedIn<DecodedIdToken>
  | Oidc.NotLoggedIn;

export declare namespace Oidc {
  type Common = {
    issuerUri: string;
    clientId: string;
    /** What to register at the provider. */
    validRedirectUri: string;
  };

  type NotLoggedIn = Common & {
    isUserLoggedIn: false;
    /** Why it is not known whether somebody is signed in. */
    initializationError: OidcInitializationError | undefined;
    /** Goes to the provider. Rejects if that cannot be; then it can be called again. */
    login: (params?: {
      /** The page of before takes the place of this one in the history. */
      doesCurrentHrefRequiresAuth?: boolean;
      extraQueryParams?: Values;
      /** Below BASE_URL. Default postLoginRedirectUrl, or this page. */
      redirectUrl?: string;
      transformUrlBeforeRedirect?: (url: string) => string;
    }) => Promise<never>;
  };

  type LoggedIn<DecodedIdToken extends Record<string, unknown> = Record<string, unknown>> = Common & {
    isUserLoggedIn: true;
    /** Renews first what expires within 30 s. Rejects if what has expired cannot be renewed now. */
    getTokens: () => Promise<Tokens<DecodedIdToken>>;
    getAccessToken: () => Promise<string>;
    /** The same object for as long as it holds the same. */
    getDecodedIdToken: () => DecodedIdToken;
    /** Rejects if that cannot be now; the session goes on. */
    renewTokens(params?: { extraTokenParams?: Values }): Promise<void>;
    subscribeToTokensChange: (onTokenChange: (tokens: Tokens<DecodedIdToken>) => void) => {
      unsubscribeFromTokensChange: () => void;
    };
    /**
     * Every second before somebody who does nothing is signed out; undefined when somebody is there again. A callback
     * that returns false keeps the session, as if somebody had done something.
     */
    subscribeToAutoLogoutCountdown: (tickCallback: (params: { secondsLeft: number | undefined }) => boolean | void) => {
      unsubscribeFromAutoLogoutCountdown: () => void;
    };
    /** Goes to the provider for something else. */
    goToAuthServer: (params: {
      extraQueryParams?: Values;
      redirectUrl?: string;
      transformUrlBeforeRedirect?: (url: string) => string;
    }) => Promise<never>;
    /** In the page that comes back from login() or goToAuthServer(): what was added to the request, and what came of it. */
    backFromAuthServer: { extraQueryParams: Record<string, string>; result: Record<string, string> } | undefined;
    /** This tab sees the person for the first time. */
    isNewBrowserSession: boolean;
    /** Ends the session, here and at the provider. */
    logout: (params: LogoutParams) => Promise<never>;
  };

  type Tokens<DecodedIdToken extends Record<string, unknown> = Tokens.DecodedIdToken_OidcCoreSpec> =
    | Tokens.WithRefreshToken<DecodedIdToken>
    | Tokens.WithoutRefreshToken<DecodedIdToken>;

  namespace Tokens {
    /** Times are milliseconds since the epoch. */
    type Common<DecodedIdToken> = {
      accessToken: string;
      /** The end of the year 9999 if nobody knows. */
      accessTokenExpirationTime: number;
      idToken: string;
      decodedIdToken: DecodedIdToken;
      /** The claims as they are in the verified ID Token. */
      decodedIdToken_original: DecodedIdToken_OidcCoreSpec;
      /** Of the ID Token. */
      issuedAtTime: number;
      getServerDateNow: () => number;
    };
    type WithRefreshToken<DecodedIdToken> = Common<DecodedIdToken> & {
      hasRefreshToken: true;
      refreshToken: string;
      /** undefined if nobody knows. */
      refreshTokenExpirationTime: number | undefined;
    };
    type WithoutRefreshToken<DecodedIdToken> = Common<DecodedIdToken> & {
      hasRefreshToken: false;
      refreshToken?: never;
      refreshTokenExpirationTime?: never;
    };
    type DecodedIdToken_OidcCoreSpec = {
      iss: string;
      sub: string;
      aud: string | string[];
      exp: number;
      iat: number;
      auth_time?: number;
      nonce?: string;
      acr?: string;
      amr?: string[];
      azp?: string;
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
      address?: Record<string, unknown>;
      updated_at?: number;
      [claimName: string]: unknown;
    };
  }
}

/**
 * Finds out who is signed in, once for a page and a client: a second call has the same result, whatever it is given. A start
 * that has failed, by rejecting or with initializationError, is made again. Rejects with an OIDCError for a parameter that is
 * wrong or not there (invalid_config), and with autoLogin with an OidcInitializationError.
 */
export function createOidc<
  DecodedIdToken extends Record<string, unknown> = Oidc.Tokens.DecodedIdToken_OidcCoreSpec,
  AutoLogin extends boolean = false,
>(
  params: ParamsOfCreateOidc<DecodedIdToken, AutoLogin>,
): Promise<AutoLogin extends true ? Oidc.LoggedIn<DecodedIdToken> : Oidc<DecodedIdToken>>;
