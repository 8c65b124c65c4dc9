// What is loaded first: the early script, and then the app, unless this is a hidden frame.
import { oidcEarlyInit } from "/entrypoint.js";
import { early } from "/params.js";

const { shouldLoadApp } = early ? oidcEarlyInit(early) : { shouldLoadApp: true };
if (shouldLoadApp) import("/main.js");
