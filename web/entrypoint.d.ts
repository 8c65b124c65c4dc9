/**
 * What an app with createOidc() runs before any other code of its own: under one kilobyte, it imports nothing. The rest of
 * the app is imported if shouldLoadApp is true.
 */

/** How a session is found again that this browser has had; see docs/createoidc.md. */
export type SessionRestorationMethod = "auto" | "iframe" | "full page redirect";

export interface ParamsOfEarlyInit {
  /** The root of the app, such as import.meta.env.BASE_URL, for every createOidc() of the page. */
  BASE_URL?: string;
  /** The same for every createOidc() of the page. */
  sessionRestorationMethod?: SessionRestorationMethod;
  /** There are none: what they defend is in the worker. */
  securityDefenses?: Record<string, never>;
}

/**
 * Takes the provider's response out of the address, before code of the app can read it. Elsewhere than in a browser nothing
 * is done. shouldLoadApp is false in the hidden frame of a silent sign-in. Throws an Error for a parameter that is not
 * there.
 */
export function oidcEarlyInit(params?: ParamsOfEarlyInit): { shouldLoadApp: boolean };
