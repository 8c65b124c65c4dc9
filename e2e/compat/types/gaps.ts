// What an app for oidc-client-ts cannot write with our types, one gap a line:
// TestGaps expects each line with a name to compile with theirs alone, and the
// name in docs/migrating-from-oidc-client-ts.md. A line goes when it compiles.

import { OidcClient, UserManager } from "oidc-client-ts";
import type { DPoPState, SigninState, UserManagerSettings } from "oidc-client-ts";

declare const client: OidcClient;
declare const keys: { set(key: string, value: DPoPState): Promise<void>; get(key: string): Promise<DPoPState>; remove(key: string): Promise<DPoPState>; getAllKeys(): Promise<string[]> };
declare const state: SigninState;

const given = { authority: "https://op.example", client_id: "app", redirect_uri: "https://app.example/cb" };

export const settings: UserManagerSettings[] = [
  { ...given, fetchRequestCredentials: "include" }, // `fetchRequestCredentials`
];

export async function members(): Promise<void> {
  await client.processSigninResponse("", {}); // `extraHeaders`
  await client.getDpopProof(keys); // `getDpopProof`
  const mode: "query" | "fragment" | undefined = state.response_mode; // `response_mode`
  console.log(mode);
}

export class Auth extends UserManager {
  log() {
    this._logger.info("x"); // `_logger`
    console.log(this._client); // `_client`
  }
}
