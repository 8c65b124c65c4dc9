// @ts-check
// Who is signed in as the app says, without a provider.

import { createMockOidc } from "./shim/mock.js";

export { createMockOidc };
