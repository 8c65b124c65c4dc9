import { VitePWA } from "vite-plugin-pwa";

export default {
  plugins: [
    VitePWA({
      workbox: {
        globIgnores: ["oidcspa/**"],
        navigateFallbackDenylist: [/^\/oidcspa\//],
      },
    }),
  ],
};
