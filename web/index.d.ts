/**
 * Every class under the names of oidc-client-ts.
 * docs/migrating-from-oidc-client-ts.md has what differs.
 */

export * from "./client.js";
export * from "./log.js";
export * from "./monitor.js";
export * from "./oidcspa.js";
export * from "./stores.js";

/** The version of this library. */
export declare const Version: string;
