// @ts-check
// What Keycloak has beside OpenID Connect, for apps of oidc-spa.

import { createKeycloakUtils, isKeycloak } from "./shim/keycloak.js";

export { createKeycloakUtils, isKeycloak };
