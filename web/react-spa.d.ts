/**
 * createOidc() for apps in React 18 and 19. What is not known yet is waited for by the nearest Suspense, what has failed goes to
 * the nearest error boundary.
 */

import type { ComponentType, ReactNode } from "react";
import type { LogoutParams, Oidc as Core, OidcInitializationError, ParamsOfCreateOidc } from "./createoidc.js";

/** Nothing of what only the other form has. */
type Without<Names extends string> = { [Name in Names]?: never };

/** Whether somebody who does nothing is about to be signed out. */
type AutoLogoutState = { shouldDisplayWarning: true; secondsLeftBeforeAutoLogout: number } | { shouldDisplayWarning: false };

type Common = { issuerUri: string; clientId: string; validRedirectUri: string };

type Nobody = Common & {
  isUserLoggedIn: false;
  initializationError: OidcInitializationError | undefined;
  login: Core.NotLoggedIn["login"];
};

type Somebody = Common & {
  isUserLoggedIn: true;
  logout: (params: LogoutParams) => Promise<never>;
  renewTokens: Core.LoggedIn["renewTokens"];
  goToAuthServer: Core.LoggedIn["goToAuthServer"];
  backFromAuthServer: Core.LoggedIn["backFromAuthServer"];
  isNewBrowserSession: boolean;
};

type OfSomebody = "logout" | "renewTokens" | "goToAuthServer" | "backFromAuthServer" | "isNewBrowserSession";
type OfNobody = "login" | "initializationError";

/** A component is rendered anew when what it reads has changed. With assert, it throws in the other form. */
export type UseOidc<DecodedIdToken> = {
  (params?: { assert?: undefined }): UseOidc.Oidc<DecodedIdToken>;
  (params: { assert: "user logged in" }): UseOidc.Oidc.LoggedIn<DecodedIdToken>;
  (params: { assert: "user not logged in" }): UseOidc.Oidc.NotLoggedIn;
};

export declare namespace UseOidc {
  type WithAutoLogin<DecodedIdToken> = (params?: { assert: "user logged in" }) => Oidc.LoggedIn<DecodedIdToken>;

  type Oidc<DecodedIdToken> =
    | (Oidc.NotLoggedIn & Without<OfSomebody | "decodedIdToken">)
    | (Oidc.LoggedIn<DecodedIdToken> & Without<OfNobody>);

  namespace Oidc {
    type NotLoggedIn = Nobody & { autoLogoutState: { shouldDisplayWarning: false } };
    type LoggedIn<DecodedIdToken> = Somebody & { decodedIdToken: DecodedIdToken; autoLogoutState: AutoLogoutState };
  }
}

/** For code that is no component. It does not settle where autoLogin has failed: OidcInitializationErrorGate shows that. */
export type GetOidc<DecodedIdToken> = {
  (params?: { assert?: undefined }): Promise<GetOidc.Oidc<DecodedIdToken>>;
  (params: { assert: "user logged in" }): Promise<GetOidc.Oidc.LoggedIn<DecodedIdToken>>;
  (params: { assert: "user not logged in" }): Promise<GetOidc.Oidc.NotLoggedIn>;
};

export declare namespace GetOidc {
  type WithAutoLogin<DecodedIdToken> = (params?: { assert: "user logged in" }) => Promise<Oidc.LoggedIn<DecodedIdToken>>;

  type Oidc<DecodedIdToken> =
    | (Oidc.NotLoggedIn & Without<OfSomebody | "getAccessToken" | "getDecodedIdToken" | "subscribeToAccessTokenRotation" | "subscribeToDecodedIdTokenChange" | "subscribeToAutoLogoutState">)
    | (Oidc.LoggedIn<DecodedIdToken> & Without<OfNobody>);

  namespace Oidc {
    type NotLoggedIn = Nobody;
    type LoggedIn<DecodedIdToken> = Somebody & {
      getAccessToken: () => Promise<string>;
      subscribeToAccessTokenRotation: (next: (accessToken: string) => void) => { unsubscribeFromAccessTokenRotation: () => void };
      getDecodedIdToken: () => DecodedIdToken;
      subscribeToDecodedIdTokenChange: (next: (decodedIdToken: DecodedIdToken) => void) => { unsubscribeFromDecodedIdTokenChange: () => void };
      /** Calls it at once, too. */
      subscribeToAutoLogoutState: (next: (autoLogoutState: AutoLogoutState) => void) => { unsubscribeFromAutoLogoutState: () => void };
    };
  }
}

export type ParamsOfBootstrap<AutoLogin, DecodedIdToken> = ParamsOfBootstrap.Real<AutoLogin> | ParamsOfBootstrap.Mock<AutoLogin, DecodedIdToken>;

export declare namespace ParamsOfBootstrap {
  /** Those of createOidc(). */
  type Real<AutoLogin> = Omit<ParamsOfCreateOidc, "autoLogin" | "decodedIdTokenSchema" | "postLoginRedirectUrl"> & {
    implementation: "real";
    /** From how many seconds before somebody who does nothing is signed out autoLogoutState warns: 60 by default, and at most. */
    warnUserSecondsBeforeAutoLogout?: number;
  } & (AutoLogin extends true ? {} : {});

  /** Those of createMockOidc(). */
  type Mock<AutoLogin, DecodedIdToken> = {
    implementation: "mock";
    issuerUri_mock?: string;
    clientId_mock?: string;
    decodedIdToken_mock?: DecodedIdToken;
    BASE_URL?: string;
  } & (AutoLogin extends true ? { isUserInitiallyLoggedIn?: true } : { isUserInitiallyLoggedIn: boolean });
}

export type OidcSpaUtils<AutoLogin, DecodedIdToken> = {
  /** Starts, once for the page. Resolves when it is known who is signed in; rejects for parameters that are wrong. */
  bootstrapOidc: (params: ParamsOfBootstrap<AutoLogin, DecodedIdToken>) => Promise<void>;
  useOidc: AutoLogin extends true ? UseOidc.WithAutoLogin<DecodedIdToken> : UseOidc<DecodedIdToken>;
  getOidc: AutoLogin extends true ? GetOidc.WithAutoLogin<DecodedIdToken> : GetOidc<DecodedIdToken>;
  /** Shows fallback until it is known who is signed in, and on a server. */
  OidcInitializationGate: (props: { fallback?: ReactNode; children: ReactNode }) => ReactNode;
} & (AutoLogin extends true
  ? {
    /** Shows errorComponent if it could not be found out who is signed in. */
    OidcInitializationErrorGate: (props: { errorComponent: ComponentType<{ oidcInitializationError: OidcInitializationError }>; children: ReactNode }) => ReactNode;
  }
  : {
    /** Is called by a route's loader, with what that is given: goes to the provider, and leads back to the route. */
    enforceLogin: (loaderContext: { request?: { url?: string }; cause?: "preload" | string; location?: { href?: string } }) => Promise<void | never>;
    /** Goes to the provider in the place of showing the component. Where the tab stays, the reason is thrown. */
    withLoginEnforced: <Props extends Record<string, unknown>>(component: ComponentType<Props>) => (props: Props) => ReactNode;
  });

export type OidcSpaUtilsBuilder<
  AutoLogin extends boolean = false,
  DecodedIdToken extends Record<string, unknown> = Core.Tokens.DecodedIdToken_OidcCoreSpec,
  ExcludedMethod extends "withAutoLogin" | "withExpectedDecodedIdTokenShape" | "createUtils" = never,
> = Omit<
  {
    /** Nobody sees the app without being signed in. */
    withAutoLogin: () => OidcSpaUtilsBuilder<true, DecodedIdToken, ExcludedMethod | "withAutoLogin">;
    withExpectedDecodedIdTokenShape: <DecodedIdToken extends Record<string, unknown>>(params: {
      decodedIdTokenSchema: { parse: (decodedIdToken_original: Core.Tokens.DecodedIdToken_OidcCoreSpec) => DecodedIdToken };
      /** What bootstrapOidc() takes for a mock, unless it is given one. */
      decodedIdToken_mock?: NoInfer<DecodedIdToken>;
    }) => OidcSpaUtilsBuilder<AutoLogin, DecodedIdToken, ExcludedMethod | "withExpectedDecodedIdTokenShape">;
    createUtils: () => OidcSpaUtils<AutoLogin, DecodedIdToken>;
  },
  ExcludedMethod
>;

export declare const oidcSpa: OidcSpaUtilsBuilder<false, Record<string, unknown>, never>;
