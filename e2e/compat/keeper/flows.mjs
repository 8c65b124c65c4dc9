// What worker.js does with the keeper, both as they are. Rows play alike with messages, and
// with the script that the keeper answers with.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, PROGRAM } from "./browser.mjs";
import { Program, sleep } from "./program.mjs";

/**
 * Steps of programs, by a letter: "A begins", "A took: a", "A gives a", "A gives" for a sign-out, "A ends", "A lingers" for what has ended, and the browser says that it lives, "A begins again",
 * "A lost: true", "A is slow" until it "is quick", but for "A hears something", "5 s", "keeper: yes", "keeper sleeps", "keeper is away", "busy" for what the browser does not come to do
 * until it is "idle".
 */
async function play(steps, chromium) {
  const browser = new Browser(), programs = new Map(), scope = chromium ? `${PROGRAM}?keeper` : PROGRAM;
  let busy = false;
  const settle = () => (busy ? null : browser.pass(100));
  for (const step of steps.split(", ")) {
    const [who, does, what = ""] = step.split(" "), program = programs.get(who);
    if (step === "busy" || step === "idle") busy = step === "busy";
    else if (does === "s" || does === "ms") await browser.pass(who * (does === "s" ? 1_000 : 1));
    else if (step === "keeper is away") browser.registrations.get(scope).unregister();
    else if (does === "is") browser.slow[what === "slow" ? "add" : "delete"](who);
    else if (does === "hears") await browser.happens(browser.events.find(({ channel }) => channel.endsWith(` ${who}`)));
    else if (step === "keeper sleeps") sleep(browser);
    else if (who === "keeper:") assert.equal(browser.registrations.has(scope) ? "yes" : "no", does, step);
    else if (does === "begins" && what) await program.again();
    else if (does === "begins") programs.set(who, new Program(browser, who, { chromium }));
    else if (does === "took:") assert.equal(program.taken, what, step);
    else if (does === "gives") program.give(what);
    else if (does === "lingers") program.lives = false;
    else if (does === "ends") program.end();
    else if (does === "lost:") {
      const answer = program.hasLost();
      await browser.pass(100);
      assert.equal(String(await answer), what, step);
    } else throw new Error(step);
    await settle();
  }
  await browser.pass(0);
}

for (const [name, steps, only] of [
  ["nobody was there", "A begins, 1 s, A took: , keeper: no"],
  ["a reload", "A begins, A gives a, A ends, B begins, B took: a, keeper: yes"],
  ["two reloads in a row", "A begins, A gives a, A ends, B begins, B ends, C begins, C took: a"],
  ["the newest", "A begins, A gives a, A gives b, A ends, B begins, B took: b"],
  ["given while the keeper is registered", "A begins, busy, A gives a, A gives b, idle, 1 s, A ends, B begins, B took: b"],
  ["another tab", "A begins, A gives a, B begins, 1 s, B took: , A ends, C begins, C took: a"],
  ["the program ends in a worker that lives", "A begins, A gives a, A begins again, A took: a"],
  ["later than a minute", "A begins, A gives a, A ends, 60 s, B begins, B took: "],
  ["a sign-out", "A begins, A gives a, A gives, keeper: no, A ends, B begins, B took: "],
  ["a sign-out while the keeper is registered", "A begins, busy, A gives a, A gives, idle, 1 s, keeper: no"],
  ["a sign-in after that", "A begins, A gives a, A gives, A gives b, keeper: yes, A ends, B begins, B took: b"],
  ["a sign-in while it goes", "A begins, A gives a, busy, A gives, A gives b, idle, 1 s, A ends, B begins, B took: b"],
  ["a sign-out of who has taken it", "A begins, A gives a, A ends, B begins, B gives, keeper: no"],
  ["a sign-out of who has given nothing", "A begins, A gives a, B begins, 1 s, B gives, keeper: yes"],
  ["nor if its owner has ended", "A begins, A gives a, B begins, 1 s, A ends, B gives, keeper: yes, C begins, C took: "],
  ["its owner gives again then", "A begins, A gives a, B begins, 1 s, B gives, A gives b, A ends, C begins, C took: b"],
  ["a sign-out in one of two programs", "A begins, A gives a, B begins, 1 s, B gives b, A gives, keeper: yes, B gives c, B ends, C begins, C took: c"],
  ["a sign-out in one, while the other takes what was left", "A begins, A gives a, B begins, 1 s, B gives b, A ends, busy, C begins, idle, B gives, keeper: yes, C took: a, C gives c, C ends, D begins, D took: c"],
  ["a sign-out in one, and a sign-in in the other", "A begins, A gives a, B begins, 1 s, A gives, keeper: no, B gives b, keeper: yes, B ends, C begins, C took: b"],
  ["a sign-out in both", "A begins, A gives a, B begins, 1 s, B gives b, A gives, B gives, keeper: no"],
  ["at once", "A begins, A gives a, B begins, 1 s, B gives b, busy, A gives, B gives, idle, 1 s, keeper: no"],
  ["a sign-out in one, and the other ends", "A begins, A gives a, B begins, 1 s, B gives b, A gives, B ends, C begins, C gives c, C gives, keeper: no"],
  ["the keeper has slept", "A begins, A gives a, keeper sleeps, A ends, B begins, B took: "],
  ["and gets it again", "A begins, A gives a, keeper sleeps, A gives b, A ends, B begins, B took: b"],
  ["and a sign-out", "A begins, A gives a, keeper sleeps, A gives, keeper: no"],
  ["the keeper is away", "A begins, A gives a, keeper is away, A gives b, keeper: no"],
  ["until the next sign-in", "A begins, A gives a, keeper is away, A gives, A gives b, keeper: yes, A ends, B begins, B took: b"],
  ["nothing was lost", "A begins, A gives a, A lost: false"],
  ["nothing is lost without a keeper", "A begins, A lost: false"],
  ["nor when it has slept", "A begins, A gives a, keeper sleeps, A lost: false"],
  ["two sign in at once", "A begins, B begins, A gives a, B gives b, keeper: yes, A ends, B ends, C begins, C took: b, D begins, D took: a"],
  ["two sign in, and one is slow", "A begins, B begins, B is slow, B gives b, B hears something, A gives a, B is quick, A ends, C begins, C took: a, B ends, D begins, D took: b", "messages"],
  ["its page is slow", "A begins, B begins, page-of-B is slow, B gives b, page-of-B hears something, A gives a, page-of-B is quick, A ends, C begins, C took: a, B ends, D begins, D took: b", "script"],
  ["what was given last comes after the question", "A begins, A gives a, A is slow, A gives b, A ends, B begins, A is quick, 1 s, B took: a", "messages"],
  ["the first that was given comes after the question", "A begins, A gives a, 50 s, keeper sleeps, A is slow, A gives b, A ends, busy, B begins, B hears something, idle, A is quick, 1 s, B took: , B ends, C begins, C took: b", "messages"],
  ["one seems to live for a moment", "A begins, A gives a, A lingers, B begins, 50 ms, A ends, 1 s, B took: a", "messages"],
  ["for longer than anybody waits", "A begins, A gives a, A lingers, B begins, 1 s, A ends, 1 s, B took: , C begins, C took: a"],
  ["so what another tab has left is taken", "A begins, A gives a, B begins, 1 s, B gives b, A ends, B lingers, C begins, 50 ms, B ends, 1 s, C took: a, D begins, D took: b"],
]) {
  for (const kind of ["messages", "script"]) {
    if (only && only !== kind) continue;
    test(`${name}: ${kind}`, () => play(steps, kind === "script"));
  }
}
