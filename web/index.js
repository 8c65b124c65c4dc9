// @ts-check
// Every class under the names of oidc-client-ts. Each module is loaded only
// where something of it is imported; the classic script has them all.

import { MetadataService, OidcClient, OidcClientSettingsStore, SigninResponse, SigninState, SignoutResponse, State, UserManagerSettingsStore } from "./client.js";
import { Log, Logger } from "./log.js";
import { AccessTokenEvents, CheckSessionIFrame, SessionMonitor } from "./monitor.js";
import { ErrorResponse, ErrorTimeout, OIDCError, User, UserManager } from "./oidcspa.js";
import { Version } from "./shim/version.js";
import { DPoPState, IndexedDbDPoPStore, InMemoryWebStorage, WebStorageStateStore } from "./stores.js";

export { AccessTokenEvents, CheckSessionIFrame, DPoPState, ErrorResponse, ErrorTimeout, InMemoryWebStorage, IndexedDbDPoPStore, Log, Logger, MetadataService, OIDCError, OidcClient, OidcClientSettingsStore, SessionMonitor, SigninResponse, SigninState, SignoutResponse, State, User, UserManager, UserManagerSettingsStore, Version, WebStorageStateStore };
