// @ts-check
// What to do when the worker does not start at once: a script has taken its
// name, or its file is not there yet. While servers are upgraded one after the
// other, a page may be of a build that the next one to answer does not have.
// Chromium does not always say that a shared worker's script is missing: one that
// is silent is asked again, which finds it if it is only slow. In Firefox a name can
// be that of a worker which has ended for as long as a page that asked for it is
// open, in WebKit that of one which stands still.

import { pause } from "./connection.js";
import { failure } from "./errors.js";

/** How long to wait, in milliseconds, as in demand.js. */
const FIRST_WAIT = 265, NO_WAIT = 10_200;

/**
 * What the name ends with. A shared worker that a script has started under ours
 * with other options keeps us from it, or one that is silent: then the others are
 * tried, by all pages in this order, so that they still meet in one program.
 */
const NAME_ENDS = ["", ".2", ".3", ".4"];

/** Set when it was said that the name is another one. */
let mention;

/**
 * Starts the program on the first host that works, and tries again for as long
 * as the file may still arrive: under a fresh address, as a cache may hold the
 * failure; but not against the page's policy, or offline. start is what starts
 * it once; hosts are the places to try; reason is why the first one does not do. A program
 * that was lost, as on a machine that has too much to do, is tried once more, never in the
 * page: that is for browsers without workers.
 */
export async function startAgain(url, hosts, start, reason) {
  if (reason === "lost") hosts = hosts.slice(0, 1);
  let forbidden;
  addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) => {
    forbidden ||= url.startsWith(blockedURI.split("?")[0]) && effectiveDirective !== "connect-src"; // missing() asks, too
  });
  let connection = await startAnywhere(url, hosts, start, NAME_ENDS);
  for (let wait = FIRST_WAIT; !connection && wait < NO_WAIT && navigator.onLine; wait *= 1.5) {
    await pause(wait);
    if (forbidden) break;
    connection = await startAnywhere(fresh(url), hosts, start, [""]); // a name that nobody has taken
  }
  if (connection) return connection;
  throw failure("worker_not_found", `${url} does not start: it has to come from the page's own origin (the setting assets says where), and worker-src of the page's policy has to allow it`);
}

/**
 * Starts it once, or returns null. What is not there is asked for once: where
 * servers take turns, a second request would always find the same one.
 */
async function startAnywhere(url, hosts, start, ends) {
  for (const host of hosts) {
    for (const end of host === "shared" ? ends : [""]) {
      try {
        const connection = await start(host, url, end);
        if (end) mention ??= console.warn(`oidcspa: the worker's name is not free; it is ${connection.shared.name} now`) ?? end;
        return connection;
      } catch (error) {
        if (error?.code) throw error;
        if (error === "lost") throw failure("runtime_stopped", "the worker stands still, or ends at its start");
        if (error?.message && !hosts[1]) throw failure("worker_not_found", "shared workers have no origin here");
        if (error !== "error" && (error !== "silent" || end)) break; // no matter of the name: the next host
        if (ends.length === 1 || await missing(url)) return null;
      }
    }
  }
  return null;
}

/** The address of a file that nobody has asked for so far. */
function fresh(url) {
  const address = new URL(url);
  address.searchParams.set("again", String(Date.now()));
  return address.href;
}

/** Whether the server says that it has no such file. */
function missing(url) {
  return fetch(url, { __proto__: null, method: "HEAD", cache: "no-store" }).then(({ ok }) => !ok, () => false);
}
