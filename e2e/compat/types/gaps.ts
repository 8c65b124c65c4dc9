// What an app for oidc-client-ts cannot write with our types, one gap a line:
// TestGaps expects each line with a name to compile with theirs alone, and the
// name in docs/migrating-from-oidc-client-ts.md. A line goes when it compiles.

import { UserManager } from "oidc-client-ts";

export class Auth extends UserManager {
  log() {
    this._logger.info("x"); // `_logger`
    console.log(this._client); // `_client`
  }
}
