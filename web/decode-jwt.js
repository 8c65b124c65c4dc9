// @ts-check
// What a JWT says, for apps of oidc-spa that show it.

import { InvalidTokenError, decodeJwt } from "./shim/jwt.js";

export { InvalidTokenError, decodeJwt };
