// The service worker of an app that answers from its cache first: the files
// of the app, and its page for every navigation. `excluded` stands before this
// script: the folder that it leaves alone, or null; and `foreign`: whether it
// answers for other origins, too.
const CACHE = "app-1";
const FILES = ["/", "/app.js"];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin && !foreign || pathname === "/config.json") return;
  if (excluded && pathname.startsWith(excluded)) return;
  const wanted = event.request.mode === "navigate" ? "/" : event.request;
  event.respondWith((async () => {
    const cached = await caches.match(wanted);
    if (cached) return cached;
    const answer = await fetch(event.request);
    if (answer.ok) await (await caches.open(CACHE)).put(wanted, answer.clone());
    return answer;
  })());
});
