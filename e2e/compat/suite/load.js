// @ts-check
// The two clients.

/** Returns the module of a client: that of npm is a script that makes a global. */
export function load(name) {
  return name === "ours" ? import("/oidcspa/index.js") : (globalThis.oidc ?? theirs());
}

function theirs() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/theirs.js";
    script.onload = () => resolve(globalThis.oidc);
    script.onerror = reject;
    document.head.append(script);
  });
}
