// All orders in which what a few programs say, and their ends, can come to the keeper, and the
// answers of the browser to it: each is played once, against the rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Keeper, rest } from "./browser.mjs";

/** Runs something for each way to choose; it gets what chooses one of so many. Resolves to how many there are. */
async function forAll(run) {
  for (let path = [], ways = 1; ; ways++) {
    const taken = [];
    await run((of) => {
      const choice = path[taken.length]?.choice ?? 0;
      taken.push({ choice, of });
      return choice;
    });
    while (taken.length && taken.at(-1).choice === taken.at(-1).of - 1) taken.pop();
    if (!taken.length) return ways;
    taken.at(-1).choice++;
    path = taken;
  }
}

/** What the keeper has by the rules, each of which is a line: what was put last by whom, and who is no owner any more. */
class Rules {
  has = new Map();
  left = new Set();

  puts(program, record) {
    if (!this.left.has(program)) this.has.set(program, record);
  }

  takes(program, record, fail) {
    const owner = [...this.has].find(([, had]) => had === record)?.[0];
    if (!owner) return fail(`${program.name} gets ${record}, which nobody has given last`);
    if (owner !== program && owner.client.alive) fail(`${program.name} gets ${record} of ${owner.name}, which lives`);
    this.has.delete(owner);
    if (owner !== program) this.left.add(owner);
    if (this.has.has(program)) fail(`${program.name} gets ${record}, and what it has given is lost: ${this.has.get(program)}`);
    this.has.set(program, record);
  }

  loses(program, answer, fail) {
    if ((answer === "lost") !== this.left.delete(program)) fail(`${program.name} asks whether it has lost something: ${answer}`);
  }

  drops() {
    this.has.clear();
  }
}

/** Plays scripts, one for each program, in one order. */
async function play(scripts, choose) {
  const browser = new Browser(), keeper = new Keeper(browser), rules = new Rules(), trace = [];
  const fail = (text) => assert.fail(`${text}\n${trace.join("\n")}`);
  browser.choose = async (of) => choose(of);
  const programs = scripts.map((script, i) => ({ name: `P${i + 1}`, steps: script.split(", "), client: browser.client(`P${i + 1}`), knows: new Set() }));
  const deliver = (program, message, said, answer) => browser.later(program.name, () => {
    trace.push(said);
    if (message.put) rules.puts(program, message.put);
    if (message.drop) rules.drops();
    keeper.hear(program.client, { build: "one", ...message }, answer);
  });
  const take = (program, again) => deliver(program, {}, `${program.name} takes`, (record) => {
    trace.push(`${program.name} is answered "${record}"`);
    if (record === "lives" && again && program.client.alive) return take(program, false);
    if (record !== "lives" && record) {
      for (const other of programs) {
        if (other !== program && other.client.alive && other.knows.has(record)) fail(`${program.name} and ${other.name} have ${record}`);
      }
      rules.takes(program, record, fail);
      program.knows.add(record);
    }
    if (program.client.alive) goOn(program); // or has gone on
  });
  const goOn = (program) => {
    for (let step; (step = program.steps.shift());) {
      const [does, record] = step.split(" ");
      if (does === "takes") return take(program, true);
      if (does === "asks") take(program, false);
      if (does === "puts") {
        program.knows.add(record);
        deliver(program, { put: record }, `${program.name} puts ${record}`);
      }
      if (does === "drops") deliver(program, { drop: true }, `${program.name} drops`);
      if (does === "lost") deliver(program, { lost: true }, `${program.name} asks what it has lost`, (answer) => rules.loses(program, answer, fail));
      if (does === "ends") {
        browser.later(`end of ${program.name}`, () => {
          trace.push(`${program.name} ends`);
          program.client.alive = false;
        });
      }
    }
  };
  for (const program of programs) goOn(program);
  await rest();
  for (let choices; (choices = browser.choices).length;) await browser.happens(choices[choices.length > 1 ? choose(choices.length) : 0]);

  // In the end all are gone, and others find what is there.
  for (const { client } of programs) client.alive = false;
  const want = [...rules.has.values()].sort(), got = [];
  for (let i = 0, record; i < 9 && (record = await keeper.ask(browser.client(`Z${i}`))) && record !== "lives"; i++) got.push(record);
  if (got.sort().join() !== want.join()) fail(`in the end the keeper has "${got}", by the rules "${want}"`);
}

for (const [name, ...scripts] of [
  ["a reload", "puts a, puts b, ends", "takes, puts c"],
  ["a reload, and another tab begins", "puts a, puts b, ends", "takes, puts c", "takes"],
  ["two reloads in a row", "puts a, ends", "takes, ends, puts b", "takes, puts c"],
  ["two tabs, and a third begins", "puts a, ends", "puts b, ends", "takes, puts c"],
  ["two tabs are reloaded", "puts a, ends", "puts b, ends", "asks", "asks"],
  ["one asks twice, as it has heard nothing", "puts a, ends", "puts b, ends", "asks, asks"],
  ["one gives something before it is answered", "puts a, ends", "puts b, ends", "asks, puts c"],
  ["the program ends in a worker that lives", "puts a, takes, puts b", "puts c, ends"],
  ["one that sleeps", "ends, puts a, puts b, lost, puts c", "takes, puts d"],
  ["a sign-out meanwhile", "puts a, puts b, ends", "takes, puts c", "drops"],
  ["a sign-out of who ends", "puts a, drops, ends", "takes, puts b"],
]) {
  test(name, async (t) => {
    const ways = await forAll((choose) => play(scripts, choose));
    t.diagnostic(`${ways} orders`);
    assert.ok(ways > 9);
  });
}
