// Makes the service worker of an app in a folder, as the guide tells:
// node build.mjs TOOL FOLDER. The app lies in FOLDER/dist, for Vite in
// FOLDER/public and FOLDER/index.html. OPEN=1 leaves the exclusion out, to see
// what it is good for.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [tool, folder] = process.argv.slice(2);
const here = fileURLToPath(new URL(".", import.meta.url));
process.chdir(folder);

/** A copy of a file of the guide beside the app, without the lines of the exclusion if need be. */
function take(name, to = name) {
  const text = readFileSync(join(here, name), "utf8");
  writeFileSync(to, process.env.OPEN ? text.replace(/, "!\/oidcspa\/\*\*"|globIgnores: \["oidcspa\/\*\*"\],?|denylist: .*|navigateFallbackDenylist: .*/g, "") : text);
  return pathToFileURL(join(folder, to)).href;
}

async function viteBuild(config) {
  const { build } = await import("vite");
  await build({ root: folder, configFile: fileURLToPath(config), build: { emptyOutDir: true }, logLevel: "warn" });
}

const tools = {
  async workbox() {
    const { generateSW } = await import("workbox-build");
    await generateSW((await import(take("workbox-config.mjs"))).default);
  },
  async vite() {
    await viteBuild(take("vite.config.mjs"));
  },
  async inject() {
    mkdirSync("src");
    take("sw.js", "src/sw.js");
    await viteBuild(take("vite.inject.config.mjs"));
  },
  async ngsw() {
    const modules = join(here, "node_modules/@angular/service-worker");
    take("ngsw-config.json");
    execFileSync("node", [join(modules, "ngsw-config.js"), "dist", "ngsw-config.json", "/"]);
    copyFileSync(join(modules, "ngsw-worker.js"), "dist/ngsw-worker.js");
  },
};
await tools[tool]();
