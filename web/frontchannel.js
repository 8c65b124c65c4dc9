// The page that the provider frames to sign out here, too (OpenID Connect
// Front-Channel Logout 1.0). It tells the programs that run, and decides
// nothing.
"use strict";
(() => {
  if (window.parent === window) return; // anybody can lead a person here
  const unheard = setTimeout(() => {
    console.warn("oidcspa: nobody heard this sign-out. No page of the app is open, or the browser keeps this frame apart from them: Safari if the provider is another origin, others if it is another site. Then use logoutEvents or monitorSession.");
  }, 2_000);
  const programs = new BroadcastChannel("oidcspa.frontchannel");
  programs.onmessage = () => { clearTimeout(unheard); };
  programs.postMessage(location.href);
})();
