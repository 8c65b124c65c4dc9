// The app: who is signed in is globalThis.oidc.
import { createOidc, OidcInitializationError } from "/createoidc.js";
import { params } from "/params.js";

globalThis.seen = location.href; // by code of the app
globalThis.loads = Number(sessionStorage.getItem("loads")) + 1;
sessionStorage.setItem("loads", String(loads));
Object.assign(globalThis, { createOidc, OidcInitializationError, params });
globalThis.started = createOidc(params);
started.then((oidc) => { globalThis.oidc = oidc; }, (error) => { globalThis.failed = error; }).finally(() => { globalThis.ready = true; });
