// @ts-check
// OpenID Connect for single-page apps. This is the page's side: it starts the
// program in a worker, passes calls and events on, and offers the few things
// that only a page can do. Decisions are made in the program.

import { ErrorResponse, ErrorTimeout, OIDCError } from "./shim/errors.js";
import { UserManager } from "./shim/manager.js";
import { User } from "./shim/user.js";

export { ErrorResponse, ErrorTimeout, OIDCError, User, UserManager };
