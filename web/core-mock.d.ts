/**
 * Oidc for tests and demonstrations: no provider, no worker, no request. login(), goToAuthServer() and logout() load a page
 * of the app, whose address says by isUserLoggedIn=true or =false who is there.
 */

import type { Oidc } from "./createoidc.js";

export type ParamsOfCreateMockOidc<
  DecodedIdToken extends Record<string, unknown> = Record<string, unknown>,
  AutoLogin extends boolean = false,
> = {
  mockedParams?: { issuerUri?: string; clientId?: string };
  /** Reading from a decodedIdToken that is not given throws. Times are those of the page all the same. */
  mockedTokens?: Partial<Oidc.Tokens<DecodedIdToken>>;
  /** The root of the app. Default that of oidcEarlyInit(), or "/". */
  BASE_URL?: string;
  /** Where nobody is signed in, somebody is with the next page, at once. */
  autoLogin?: AutoLogin;
  /** Where the login of autoLogin leads to. Default: where it began. */
  postLoginRedirectUrl?: string;
} & (AutoLogin extends true ? { isUserInitiallyLoggedIn?: true } : { isUserInitiallyLoggedIn: boolean });

/** Resolves to an Oidc in which time stands still: tokens neither change nor end. */
export function createMockOidc<
  DecodedIdToken extends Record<string, unknown> = Oidc.Tokens.DecodedIdToken_OidcCoreSpec,
  AutoLogin extends boolean = false,
>(
  params: ParamsOfCreateMockOidc<DecodedIdToken, AutoLogin>,
): Promise<AutoLogin extends true ? Oidc.LoggedIn<DecodedIdToken> : Oidc<DecodedIdToken>>;
