// What is not here is as Vite has it. The environment says what is tried.
import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";

const { SPA_ALIAS, SPA_PLUGIN, SPA_SETTINGS } = process.env;
const { oidcSpa } = SPA_PLUGIN ? await import("oidc-spa/vite-plugin") : {};

/** What the app asks the development server for is known when that runs. */
const settings = {
  name: "settings",
  configureServer: (server) => void server.middlewares.use("/config.json", (_, response) => response.end(readFileSync(SPA_SETTINGS))),
};

export default {
  plugins: [react(), oidcSpa?.(), settings],
  resolve: SPA_ALIAS ? { alias: { "oidc-spa": SPA_ALIAS } } : {},
  build: { target: "es2022" },
  logLevel: "warn",
};
