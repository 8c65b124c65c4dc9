// @ts-check
import { DPoPState, IndexedDbDPoPStore, InMemoryWebStorage, WebStorageStateStore } from "./shim/stores.js";

export { DPoPState, IndexedDbDPoPStore, InMemoryWebStorage, WebStorageStateStore };
