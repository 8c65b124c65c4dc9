/**
 * A plugin for Vite: oidcEarlyInit() runs before the app, with the root of the app that Vite knows (base), and worker, program
 * and service worker are served under their own names.
 */

import type { Plugin } from "vite";
import type { SessionRestorationMethod } from "./entrypoint.js";

/** The names of the browser's functions that oidc-spa freezes. */
export type ApiName = string;

export type OidcSpaVitePluginParams = {
  /** Has no effect, and says why. */
  browserRuntimeFreeze?: false | { enabled: true; excludes?: ApiName[] };
  /** Has no effect, and says why. */
  tokenSubstitution?: false | { enabled: true; trustedExternalResourceServers?: string[]; trustedExternalServiceWorkerSources?: string[] };
  /** "auto" has no effect, and says why. "enforced" is an Error. */
  DPoP?: false | { enabled: true; mode: "auto" | "enforced" };
  /** That of oidcEarlyInit(). */
  sessionRestorationMethod?: SessionRestorationMethod;
};

/** For apps with an index.html that has one module script. Throws an Error for others, and for an option that is not there. */
export function oidcSpa(params?: OidcSpaVitePluginParams): Plugin<any>;
