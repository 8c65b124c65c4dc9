// @ts-check
// createOidc() for apps in React, under the names of oidc-spa.

import { oidcSpa } from "./shim/react.js";

export { oidcSpa };
