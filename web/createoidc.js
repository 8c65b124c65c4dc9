// @ts-check
// The API of oidc-spa: whoever comes is signed in or not, and that does not change before another page is loaded.

import { oidcEarlyInit } from "./shim/arrival.js";
import { createOidc } from "./shim/createoidc.js";
import { OidcInitializationError } from "./shim/initialization.js";

export { OidcInitializationError, createOidc, oidcEarlyInit };
