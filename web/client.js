// @ts-check
import { OidcClient } from "./shim/client.js";
import { MetadataService } from "./shim/metadata.js";
import { OidcClientSettingsStore, UserManagerSettingsStore } from "./shim/settings.js";
import { SigninResponse, SigninState, SignoutResponse, State } from "./shim/state.js";

export { MetadataService, OidcClient, OidcClientSettingsStore, SigninResponse, SigninState, SignoutResponse, State, UserManagerSettingsStore };
