export default {
  globDirectory: "dist/",
  globPatterns: ["**/*.{html,js,css}"],
  globIgnores: ["oidcspa/**"],
  navigateFallback: "/index.html",
  navigateFallbackDenylist: [/^\/oidcspa\//],
  swDest: "dist/sw.js",
};
