// Builds the app in a folder with one of the bundlers, into the folder dist
// beside it: node build.mjs BUNDLER FOLDER.
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [, , bundler, folder] = process.argv;

process.chdir(folder);

const BUNDLERS = {
  async webpack() {
    const { default: webpack } = await import("webpack");
    const compiler = webpack({
      mode: "production",
      context: folder,
      entry: "./app.js",
      output: { path: join(folder, "dist"), filename: "app.js", module: true },
      experiments: { outputModule: true },
      performance: { hints: false },
    });
    await new Promise((resolve, reject) => {
      compiler.run((error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString("errors-only")));
        else compiler.close(resolve);
      });
    });
    await copyFile(join(folder, "index.html"), join(folder, "dist", "index.html"));
  },
  async parcel() {
    const { default: { Parcel } } = await import("@parcel/core");
    const parcel = new Parcel({
      entries: "index.html",
      defaultConfig: fileURLToPath(import.meta.resolve("@parcel/config-default")),
      mode: "production",
      cacheDir: join(folder, "cache"), // written although it is not read
      shouldDisableCache: true,
      defaultTargetOptions: { distDir: join(folder, "dist"), sourceMaps: false },
    });
    await parcel.run();
  },
};

await BUNDLERS[bundler]();
process.exit(); // Parcel leaves workers behind
