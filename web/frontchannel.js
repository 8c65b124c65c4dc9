// The page that the provider frames to sign out here, too (OpenID Connect
// Front-Channel Logout 1.0). It tells the programs that run, and decides
// nothing.
"use strict";
(async () => {
  if (window.parent === window) return; // anybody can lead a person here
  const name = "oidcspa.frontchannel";
  const tell = (channel) => {
    channel.onmessage = () => { clearTimeout(unheard); };
    channel.postMessage(location.href);
  };
  const unheard = setTimeout(() => {
    console.warn("oidcspa: nobody heard this sign-out. No page of the app is open, or the browser keeps the storage of this frame apart from theirs.");
  }, 2_000);
  tell(new BroadcastChannel(name));
  // Browsers keep the channels of a frame of another site apart, but for
  // frames that may use the third-party cookies of their site.
  const access = await document.requestStorageAccess?.({ BroadcastChannel: true }).catch(() => null);
  if (access) tell(access.BroadcastChannel(name));
})();
