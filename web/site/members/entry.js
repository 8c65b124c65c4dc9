// @ts-check
import { oidcEarlyInit } from "../entrypoint.js";

const { shouldLoadApp } = oidcEarlyInit({ BASE_URL: new URL("./", import.meta.url).pathname });
if (shouldLoadApp) import("./app.js");
