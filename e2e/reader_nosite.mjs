// a page whose browser keeps nothing: both storages throw, as Chromium's do
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(globalThis, name, { configurable: true, get() { throw new DOMException(`Failed to read the '${name}' property from 'Window': Access is denied for this document.`, "SecurityError"); } });
const target = new EventTarget();
globalThis.window = globalThis;
globalThis.addEventListener ??= target.addEventListener.bind(target);
globalThis.removeEventListener ??= target.removeEventListener.bind(target);
globalThis.document = Object.assign(new EventTarget(), { visibilityState: "visible", prerendering: false, currentScript: null, querySelectorAll: () => [] });
globalThis.location = new URL("https://app.example/");
globalThis.isSecureContext = true;
const { UserManager } = await import("../web/oidcspa.js");
const s = { authority: "https://op.example", client_id: "a", redirect_uri: "https://app.example/callback.html" };
try { const um = new UserManager(s); console.log("constructed"); }
catch (e) { console.log("constructor threw:", e.constructor.name, e.name, "code", e.code, e.message, "\n", e.stack?.split("\n").slice(0, 6).join("\n")); }
