// @ts-check

/** The version of this library. */
export const Version = "0.1.0";
