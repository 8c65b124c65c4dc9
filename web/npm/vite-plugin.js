// @ts-check
// A plugin for Vite: runs oidcEarlyInit() before the app, and serves the files of the client under their own names.

import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Where the files of this package are, and the early script for an import. */
const PACKAGE = new URL("./", import.meta.url), ENTRYPOINT = fileURLToPath(new URL("entrypoint.js", PACKAGE)).replaceAll("\\", "/");

/** Files that find each other by their names. */
const FILES = /^(worker|keeper|oidcspa)\.[0-9a-f]{16}\.(js|wasm)$/;

const OPTIONS = ["browserRuntimeFreeze", "tokenSubstitution", "DPoP", "sessionRestorationMethod"];

/** Why defences of oidc-spa are not there. */
const DEFENCES = {
  browserRuntimeFreeze: "what it protects, sign-ins and requests for tokens, is in a worker, which no script of the page can change",
  tokenSubstitution: "getTokens() gives the tokens themselves; UserManager.fetch() of oidcspa sends tokens that the page does not have",
  DPoP: "createOidc() does not bind tokens; UserManager of oidcspa does, with the setting dpop",
};

/** Plugins of frameworks that have no index.html. */
const FRAMEWORKS = /^(react-router(:.*)?|tanstack-react-start:config|nuxt:vite-node-server)$/;

/** A script of index.html that is a module of the app. */
const SCRIPT = /<script\b(?=[^>]*\stype\s*=\s*["']?module\b)([^>]*)>\s*<\/script>/gi, SOURCE = /\ssrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i;

/** See vite-plugin.d.ts. */
export function oidcSpa(options = {}) {
  for (const name of Object.keys(options)) if (!OPTIONS.includes(name)) throw new Error(`oidcspa: the plugin has no option ${name}`);
  const { sessionRestorationMethod, DPoP } = /** @type {any} */ (options);
  if (DPoP && DPoP.mode === "enforced") throw new Error(`oidcspa: DPoP cannot be enforced: ${DEFENCES.DPoP}`);
  let config;
  return {
    name: "oidcspa",
    enforce: "pre",

    config: () => ({ optimizeDeps: { exclude: ["oidcspa", "oidc-spa"] } }), // whose worker would be lost

    configResolved(resolved) {
      config = resolved;
      const framework = config.plugins.find(({ name }) => FRAMEWORKS.test(name));
      if (framework) throw new Error(`oidcspa: the plugin is for apps with an index.html, not for ${framework.name}: call oidcEarlyInit() first in the entry for browsers`);
      if (!config.base.startsWith("/")) throw new Error(`oidcspa: base, which is ${JSON.stringify(config.base)}, has to be the path of the app's root, as the provider sends browsers there`);
      for (const [name, why] of Object.entries(DEFENCES)) if (options[name]) config.logger.warn(`oidcspa: ${name} has no effect: ${why}`);
    },

    transformIndexHtml: {
      order: "pre",
      handler(html) {
        const outside = html.replace(/<!--[^]*?-->/g, ""), sources = [];
        for (const [, attributes] of outside.matchAll(SCRIPT)) {
          const found = SOURCE.exec(attributes);
          if (found) sources.push(found[1] ?? found[2] ?? found[3]);
        }
        if (sources.length !== 1) throw new Error(`oidcspa: index.html has ${sources.length} scripts with type="module" and src, not one: call oidcEarlyInit() in the first of them, without this plugin`);
        return html.replace(SCRIPT, (script, attributes) => (SOURCE.test(attributes) ? `<script${attributes.replace(SOURCE, "")}>${early(sources[0])}</script>` : script));
      },
    },

    /** A build keeps the names. */
    outputOptions(output) {
      const { assetFileNames } = output, ours = (name) => (FILES.test(name) ? `${config.build.assetsDir}/${name}` : undefined);
      return {
        ...output,
        assetFileNames: (asset) => ours(asset.names[0] ?? "") ?? (typeof assetFileNames === "function" ? assetFileNames(asset) : assetFileNames),
      };
    },

    async generateBundle(_, bundle) {
      if (!Object.keys(bundle).some((name) => FILES.test(name.split("/").at(-1)))) return;
      const keeper = (await readdir(PACKAGE)).find((name) => name.startsWith("keeper.") && FILES.test(name));
      this.emitFile({ type: "asset", fileName: `${config.build.assetsDir}/${keeper}`, source: await readFile(new URL(keeper, PACKAGE)) });
    },
  };

  /** What is run in the place of the app's script. */
  function early(source) {
    const given = JSON.stringify({ BASE_URL: config.base, sessionRestorationMethod }).replace(/</g, "\\u003c");
    return `
import { oidcEarlyInit } from ${JSON.stringify(ENTRYPOINT)};
if (oidcEarlyInit(${given}).shouldLoadApp) import(${JSON.stringify(source)});
`;
  }
}
