// What an app for oidc-client-ts cannot write with our types, one gap a line:
// TestGaps expects each line with a name to compile with theirs alone, and the
// name in docs/migrating-from-oidc-client-ts.md. A line goes when it compiles.

import { OidcClient, SignoutResponse, User, UserManager } from "oidc-client-ts";
import type { DPoPState, OidcClientSettings, OidcMetadata, SigninState, StateStore, UserManagerSettings } from "oidc-client-ts";

declare const manager: UserManager;
declare const client: OidcClient;
declare const user: User;
declare const store: StateStore;
declare const keys: { set(key: string, value: DPoPState): Promise<void>; get(key: string): Promise<DPoPState>; remove(key: string): Promise<DPoPState>; getAllKeys(): Promise<string[]> };
declare const metadata: Partial<OidcMetadata>;
declare const navigator: import("oidc-client-ts").INavigator; // `INavigator`
declare const state: SigninState;

const given = { authority: "https://op.example", client_id: "app", redirect_uri: "https://app.example/cb" };

export const settings: UserManagerSettings[] = [
  { ...given, userStore: store }, // `userStore`
  { ...given, stateStore: store }, // `stateStore`
  { ...given, mergeClaimsStrategy: { array: "merge" } }, // `mergeClaimsStrategy`
  { ...given, fetchRequestCredentials: "include" }, // `fetchRequestCredentials`
  { ...given, refreshTokenAllowedScope: "openid" }, // `refreshTokenAllowedScope`
  { ...given, requestTimeoutInSeconds: 5 }, // `requestTimeoutInSeconds`
  { ...given, revokeTokenAdditionalContentTypes: ["text/plain"] }, // `revokeTokenAdditionalContentTypes`
  { ...given, redirectMethod: "replace" }, // `redirectMethod`
  { ...given, redirectTarget: "top" }, // `redirectTarget`
  { ...given, validateSubOnSilentRenew: false }, // `validateSubOnSilentRenew`
  { ...given, includeIdTokenInSilentSignout: true }, // `includeIdTokenInSilentSignout`
  { ...given, maxSilentRenewTimeoutRetries: 1 }, // `maxSilentRenewTimeoutRetries`
  { ...given, iframeNotifyParentOrigin: "https://a.example" }, // `iframeNotifyParentOrigin`
  { ...given, iframeScriptOrigin: "https://a.example" }, // `iframeScriptOrigin`
  { ...given, metadata }, // `metadata`
  { ...given, dpop: { store: keys, bind_authorization_code: true } }, // `dpop.store`
];

export const clientSettings: OidcClientSettings[] = [
  { ...given, metadata: {} }, // `metadata` of an `OidcClient`
  { ...given, extraHeaders: {} }, // `extraHeaders` of an `OidcClient`
];

export async function members(): Promise<void> {
  await manager.getUser(true); // `getUser(raiseEvent)`
  await manager.storeUser(user); // `storeUser`
  await manager.signinSilentCallback(); // `signinSilentCallback`
  await manager.signinResourceOwnerCredentials({ username: "a", password: "b" }); // `signinResourceOwnerCredentials`
  await manager.signoutRedirectCallback(); // `signoutRedirectCallback`
  await manager.signoutSilent(); // `signoutSilent`
  await manager.signoutSilentCallback(); // `signoutSilentCallback`
  manager.startSilentRenew(); // `startSilentRenew`
  manager.stopSilentRenew(); // `stopSilentRenew`
  await manager.clearStaleState(); // `clearStaleState`
  await manager.generateDPoPJkt({ store: keys }); // `generateDPoPJkt`
  await manager.querySessionStatus({ silentRequestTimeoutInSeconds: 1 }); // `querySessionStatus(args)`
  await manager.events.load(user); // `events.load`
  await manager.events.unload(); // `events.unload`
  const returned: User | undefined = await manager.signinCallback(); // `signinCallback`
  const left: SignoutResponse | undefined = await manager.signoutCallback(); // `signoutCallback`
  console.log(returned, left);
  await manager.signinRedirect({ redirectMethod: "replace" }); // `redirectMethod`
  await manager.signinSilent({ state: 1 }); // `state` of `signinSilent`
  await manager.signinSilent({ silentRequestTimeoutInSeconds: 1 }); // `silentRequestTimeoutInSeconds` of `signinSilent`
  await manager.signinSilent({ forceIframeAuth: true }); // `forceIframeAuth`
  await client.createSigninRequest({ nonce: "n" }); // `nonce`
  await client.createSigninRequest({ request_uri: "urn:a" }); // `request_uri`
  await client.processSigninResponse("", {}); // `extraHeaders` of an `OidcClient`
  await client.readSignoutResponseState(""); // `readSignoutResponseState`
  await client.getDpopProof(keys); // `getDpopProof`
  const mode: "query" | "fragment" | undefined = state.response_mode; // `response_mode`
  new UserManager(given, navigator); // `INavigator`
  console.log(mode);
}

export class Auth extends UserManager {
  log() {
    this._logger.info("x"); // `_logger`
    console.log(this._client); // `_client`
  }
}
