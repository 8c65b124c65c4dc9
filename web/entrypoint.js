// @ts-check
// What an app with createOidc() runs first, before any other code of its own.

import { oidcEarlyInit } from "./shim/arrival.js";

export { oidcEarlyInit };
