// What an app for oidc-client-ts cannot write with our types, one gap a line:
// TestGaps expects each line with a name to compile with theirs alone, and the
// name in docs/migrating-from-oidc-client-ts.md. A line goes when it compiles.

import { UserManager } from "oidc-client-ts";

declare const navigator: import("oidc-client-ts").INavigator; // `INavigator`

const given = { authority: "https://op.example", client_id: "app", redirect_uri: "https://app.example/cb" };

export const manager = new UserManager(given, navigator); // `INavigator`

export class Auth extends UserManager {
  log() {
    this._logger.info("x"); // `_logger`
    console.log(this._client); // `_client`
  }
}
