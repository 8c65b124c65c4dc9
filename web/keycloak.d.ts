/** What Keycloak has beside OpenID Connect. */

export type KeycloakIssuerUriParsed = {
  origin: string;
  /** Its name, without percent-encoding. */
  realm: string;
  /** The path before "/realms": begins with "/", does not end with it; undefined if there is none. */
  kcHttpRelativePath: string | undefined;
};

export type KeycloakProfile = {
  id?: string;
  username?: string;
  email?: string;
  firstName?: string;
  lastName?: string;
  enabled?: boolean;
  emailVerified?: boolean;
  totp?: boolean;
  /** Milliseconds since the epoch. */
  createdTimestamp?: number;
  attributes?: Record<string, unknown>;
};

export type KeycloakUserInfo = {
  sub: string;
  [key: string]: any;
};

export type KeycloakUtils = {
  issuerUriParsed: KeycloakIssuerUriParsed;
  adminConsoleUrl: string;
  /** That of the realm that governs all others. */
  adminConsoleUrl_master: string;
  /** Where people manage their accounts, with a link back to the app. */
  getAccountUrl: (params: { clientId: string; validRedirectUri: string; locale?: string }) => string;
  /** Reads from the account API, which needs an access token for the audience "account". Rejects unless the HTTP status is a success. */
  fetchUserProfile: (params: { accessToken: string }) => Promise<KeycloakProfile>;
  /** OpenID Connect Core 1.0, section 5.3. Rejects unless the HTTP status is a success. */
  fetchUserInfo: (params: { accessToken: string }) => Promise<KeycloakUserInfo>;
  /** For login(): shows the registration form in the place of the login form. */
  transformUrlBeforeRedirectForRegister: (authorizationUrl: string) => string;
};

/** Whether an issuer has the form of a realm of Keycloak; nobody is asked. */
export function isKeycloak(params: { issuerUri: string }): boolean;

/** Throws an Error if issuerUri has not that form. */
export function createKeycloakUtils(params: { issuerUri: string }): KeycloakUtils;
