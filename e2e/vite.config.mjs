// For the apps that are written for oidc-client-ts; the alias is all that changes.
export default {
  resolve: { alias: { "oidc-client-ts": process.env.OIDCSPA_PACKAGE } },
  build: { outDir: process.env.OUT_DIR, emptyOutDir: true, assetsInlineLimit: 0 },
  logLevel: "warn",
};
