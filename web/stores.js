// @ts-check
import { DPoPState, IndexedDbDPoPStore } from "./shim/dpopstore.js";
import { InMemoryWebStorage, WebStorageStateStore } from "./shim/stores.js";

export { DPoPState, IndexedDbDPoPStore, InMemoryWebStorage, WebStorageStateStore };
