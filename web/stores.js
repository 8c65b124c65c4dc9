// @ts-check
import { DPoPState, IndexedDbDPoPStore } from "./shim/dpopstore.js";
import { InMemoryWebStorage } from "./shim/memory.js";
import { WebStorageStateStore } from "./shim/stores.js";

export { DPoPState, IndexedDbDPoPStore, InMemoryWebStorage, WebStorageStateStore };
