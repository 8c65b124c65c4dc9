// What the keeper says to whom. Each row differs from another in one thing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Keeper, ORIGIN, PROGRAM } from "./browser.mjs";

const MINUTE = 60_000, QUERY = { scope: `${PROGRAM}?keeper` };

/** A keeper, and what programs do there. */
function begin(options) {
  const browser = new Browser(), keeper = new Keeper(browser, options);
  const say = (client, message) => keeper.ask(client, { build: "one", ...message });
  return {
    browser, keeper, say,
    program: (id, what) => browser.client(id, what),
    put: (client, record, build = "one") => say(client, { put: record, build }),
    take: (client, build = "one") => say(client, { build }),
    lost: (client) => say(client, { lost: true }),
    ends: (...clients) => { for (const client of clients) client.alive = false; },
  };
}

/** Who asks when the owner of "a" has gone, and what that is: the next program, another one, which may have all forgotten, or nothing. */
for (const [name, asker, is] of [
  ["a worker like the owner", {}, "the next"],
  ["a shared worker of that address", { type: "sharedworker" }, "the next"],
  ["a worker of another build", { build: "two" }, "another"],
  ["a worker with a fragment of its own", { url: `${PROGRAM}#x` }, "another"],
  ["a worker of another address", { url: `${ORIGIN}/other.js` }, "nothing"],
  ["a worker with a query", { url: `${PROGRAM}?x` }, "nothing"],
  ["a worker of the scope of the keeper", { url: `${PROGRAM}?keeper` }, "nothing"],
  ["a worker of a folder below", { url: `${PROGRAM}/x` }, "nothing"],
  ["a worker of a blob", { url: `blob:${ORIGIN}/1` }, "nothing"],
  ["a worker of another origin", { url: "https://other.example/worker.js" }, "nothing"],
  ["a page", { type: "window" }, "nothing"],
  ["a service worker", { type: "serviceworker" }, "nothing"],
  ["what has no type", { type: undefined }, "nothing"],
  ["nobody", null, "nothing"],
]) {
  for (const [kind, options] of [["", undefined], [", where it answers requests", QUERY]]) {
    test(`asks: ${name}${kind}`, async () => {
      const { program, put, take, ends, keeper } = begin(options);
      const first = program("first");
      await put(first, "a");
      ends(first);
      const { build = "one", ...what } = asker ?? {};
      const second = asker && program("second", what);
      assert.equal(await take(second, build), is === "the next" ? "a" : "");
      if (is === "the next") return;
      for (const message of [{ put: "b" }, { lost: true }, { drop: true }, { end: true }]) assert.equal(await keeper.ask(second, { build, ...message }), "");
      assert.equal(await take(program("third")), is === "nothing" ? "a" : "");
      assert.equal(keeper.unregistered, is === "another");
    });
  }
}

test("the fragment of an owner is of its program: only who has that gets what it gave", async () => {
  const { program, put, take, ends } = begin();
  const first = program("first", { url: `${PROGRAM}#wasm=x` });
  await put(first, "a");
  ends(first);
  assert.equal(await take(program("second")), "");
  assert.equal(await take(program("third", { url: `${PROGRAM}#wasm=x` })), "a");
});

/**
 * Steps of programs, by the first letter: "A puts a", "B takes: a", "B ends", "A lost: lost", "A drops", "A goes",
 * "60 s", "61 s asleep",
 * when no timer runs, "logout", "noise".
 */
async function play(steps, world = begin()) {
  const programs = new Map();
  for (const step of steps.split(", ")) {
    const [who, does, what] = step.split(" ");
    const of = /^[A-Z]$/.test(who) && (programs.get(who) ?? programs.set(who, world.program(who)).get(who));
    const answer = { "takes:": world.take, "lost:": world.lost }[does];
    if (answer) assert.equal(await answer(of), what ?? "", step);
    else if (does === "puts") await world.put(of, what);
    else if (does === "ends") of.alive = false;
    else if (does === "drops") await world.say(of, { drop: true });
    else if (does === "goes") await world.say(of, { end: true });
    else if (what === "asleep") world.browser.now += 1_000 * who;
    else if (does === "s") await world.browser.pass(1_000 * who);
    else if (does === "ms") await world.browser.pass(Number(who));
    else if (who === "logout" || who === "noise") await tell(world.browser, who === "logout" ? `${ORIGIN}/frontchannel.html?iss=x` : true);
    else throw new Error(step);
  }
  return world;
}

async function tell(browser, data) {
  new (browser.broadcast(() => true))("oidcspa.frontchannel").postMessage(data);
  await browser.settle();
}

for (const [name, steps] of [
  ["nobody has given anything", "A takes: "],
  ["the owner lives", "A puts a, B takes: lives"],
  ["the owner is gone", "A puts a, A ends, B takes: a"],
  ["the owner ends later", "A puts a, B takes: lives, A ends, B takes: a"],
  ["it is taken once", "A puts a, A ends, B takes: a, C takes: lives"],
  ["it is taken once, and who has it ends", "A puts a, A ends, B takes: a, B ends, C takes: a"],
  ["reloaded again and again", "A puts a, A ends, B takes: a, B ends, C takes: a, C ends, D takes: a"],
  ["the newest of an owner", "A puts a, A puts b, A ends, B takes: b, C takes: lives"],
  ["who took it gives another", "A puts a, A ends, B takes: a, B puts b, B ends, C takes: b, C ends, D takes: b"],
  ["two are gone", "A puts a, B puts b, A ends, B ends, C takes: b, D takes: a"],
  ["two are gone, the first has given again", "A puts a, B puts b, A puts c, A ends, B ends, C takes: c, D takes: b"],
  ["one of two lives", "A puts a, B puts b, A ends, C takes: a, D takes: lives"],
  ["the other of two lives", "A puts a, B puts b, B ends, C takes: b, D takes: lives"],

  ["the program ended in a worker that lives", "A puts a, A takes: a"],
  ["it gets that before what is newer of another", "A puts a, B puts b, B ends, A takes: a, A takes: a, C takes: b"],
  ["it gets what it has taken", "A puts a, A ends, B takes: a, B takes: a"],

  ["a former owner gives late", "A puts a, A ends, B takes: a, A puts b, B ends, C takes: a, D takes: lives"],
  ["a former owner slept, and asks", "A puts a, A ends, B takes: a, A lost: lost"],
  ["it is told once", "A puts a, A ends, B takes: a, A lost: lost, A lost: "],
  ["then it gives again", "A puts a, A ends, B takes: a, A lost: lost, A puts b, C takes: b, D takes: lives"],
  ["nobody took it", "A puts a, A lost: "],
  ["who took it has lost nothing", "A puts a, A ends, B takes: a, B lost: "],
  ["its own is no loss", "A puts a, A takes: a, A lost: "],
  ["who took it lost it to another", "A puts a, A ends, B takes: a, B ends, C takes: a, A lost: lost, B lost: lost, C lost: "],

  ["a minute", "A puts a, A ends, 60 s, B takes: "],
  ["nearly a minute", "A puts a, A ends, 59999 ms, B takes: a"],
  ["a minute, which another has not had", "A puts a, A ends, 59 s, B puts b, 1 s, B ends, C takes: b, D takes: lives"],
  ["a minute, in which nothing ran", "A puts a, A ends, 61 s asleep, B takes: "],
  ["given again", "A puts a, 59 s, A puts b, A ends, 59 s, B takes: b"],
  ["what is taken gets no older for that", "A puts a, A ends, 59 s, B takes: a, B ends, 1 s, C takes: "],
  ["nor by who asks again", "A puts a, 59 s, A takes: a, 1 s, A takes: "],
  ["what is given then does", "A puts a, A ends, 59 s, B takes: a, B puts b, 59 s, B ends, C takes: b"],

  ["somebody has it forgotten", "A puts a, A ends, B drops, B takes: , C takes: "],
  ["also what others have that live", "A puts a, B puts b, B drops, A ends, B ends, C takes: "],
  ["they give again", "A puts a, B drops, A puts b, A ends, C takes: b"],
  ["who has lost it does not", "A puts a, A ends, B takes: a, B drops, A puts b, C takes: , A lost: lost"],
  ["somebody has it go", "A puts a, A ends, B goes, C takes: "],

  ["a logout by the front channel", "A puts a, A ends, logout, B takes: "],
  ["of all", "A puts a, B puts b, A ends, B ends, logout, C takes: "],
  ["who lives gives again", "A puts a, logout, A puts b, A ends, B takes: b"],
  ["that it was heard", "A puts a, A ends, noise, B takes: a"],
]) {
  test(name, async () => {
    const { browser, keeper } = await play(steps);
    await browser.pass(2 * MINUTE);
    assert.equal(keeper.inside.records.size, 0, "records after two minutes");
    assert.equal(keeper.waits, 0, "it may end");
  });
}

test("it may not end while it has something", async () => {
  const { browser, keeper, program, put, take, ends } = begin();
  const [a, b] = [program("A"), program("B")];
  await put(a, "a");
  await browser.pass(30_000);
  await put(a, "b");
  assert.equal(keeper.waits, 1);
  ends(a);
  await browser.pass(30_000);
  await take(b);
  assert.equal(keeper.waits, 1);
  await browser.pass(29_999);
  assert.equal(keeper.waits, 1);
  await browser.pass(1);
  assert.equal(keeper.waits, 0);
});

test("it may end when it has forgotten", async () => {
  const { keeper } = await play("A puts a, B puts b, A drops");
  assert.equal(keeper.waits, 0);
});

test("one that has ended knows nothing: not whose records others have, either", async () => {
  const browser = new Browser(), [a, b] = ["A", "B"].map((id) => browser.client(id));
  const before = new Keeper(browser);
  await before.ask(a, { build: "one", put: "a" });
  a.alive = false;
  assert.equal(await before.ask(b), "a");
  before.end();
  const after = new Keeper(browser);
  assert.equal(await after.ask(a, { build: "one", lost: true }), "");
  assert.equal(await after.ask(browser.client("C")), "");
});

test("it goes when it is told so", async () => {
  const { keeper, browser } = await play("A puts a, A drops");
  assert.equal(keeper.unregistered, false);
  await keeper.ask(browser.clients.get("A"), { build: "one", end: true });
  assert.equal(keeper.unregistered, true);
});

const LOCK = `oidcspa.keeper ${PROGRAM}?keeper`;
for (const [name, messages, held] of [
  ["before anybody says so", [], false],
  ["a page has it begin", [{ begin: true }], true],
  ["twice", [{ begin: true }, { begin: true }], true],
  ["and end", [{ begin: true }, { begin: false }], false],
  ["end what has not begun", [{ begin: false }], false],
  ["and begin again", [{ begin: true }, { begin: false }, { begin: true }], true],
  ["and a program has it go", [{ begin: true }, { build: "one", drop: true, end: true }], false],
  ["and a program has all forgotten", [{ begin: true }, { build: "one", drop: true }], true],
]) {
  test(`its lock: ${name}`, async () => {
    const { keeper, browser, program } = begin(QUERY);
    const page = program("page", { type: "window", url: `${ORIGIN}/` }), worker = program("worker");
    for (const message of messages) await keeper.ask("begin" in message ? page : worker, message);
    assert.equal(browser.holds(LOCK), held);
    keeper.end();
    assert.equal(browser.holds(LOCK), false);
  });
}

/** A request to the keeper, of what starts a worker, or of what it sends. */
const started = (what) => ({ destination: "worker", json: () => Promise.reject(new Error("no body")), ...what });
const sent = (message) => ({ destination: "", json: async () => message });
const wordIn = (text) => /word: "([^"]*)"/.exec(text)?.[1];

test("it answers no requests in the scope of the program", () => {
  assert.equal(begin().keeper.answersRequests, false);
  assert.equal(begin(QUERY).keeper.answersRequests, true);
});

for (const [name, asker, destination, found] of [
  ["a program", {}, "worker", true],
  ["a program that is shared", { type: "sharedworker" }, "worker", true],
  ["a program, a shared worker", {}, "sharedworker", false],
  ["a program, a script", {}, "script", false],
  ["a page", { type: "window", url: `${ORIGIN}/` }, "worker", false],
  ["a frame of the program's address", { type: "window" }, "worker", false],
  ["a frame", { type: "window" }, "iframe", false],
  ["a worker of a blob", { url: `blob:${ORIGIN}/1` }, "worker", false],
  ["a worker of the keeper's address", { url: `${PROGRAM}?keeper` }, "worker", false],
  ["a worker that a page began before", null, "worker", false],
]) {
  test(`a script for: ${name}`, async () => {
    const { keeper, program } = begin(QUERY);
    const client = asker && program("asker", asker);
    const text = await keeper.fetch(started({ destination }), client?.id);
    assert.equal(Boolean(wordIn(text)), found, text);
    assert.equal(keeper.inside.senders.size, Number(found));
    if (!found) return;
    assert.equal(keeper.headers.get("Content-Type"), "text/javascript");
    assert.equal(keeper.headers.get("Content-Security-Policy"), "default-src 'none'; connect-src 'self'");
    assert.equal(keeper.headers.get("Cross-Origin-Embedder-Policy"), "require-corp");
  });
}

/** Two programs with a word each, the first of which has given something. */
async function words() {
  const world = begin(QUERY), [a, b] = ["A", "B"].map((id) => world.program(id));
  const word = async (client) => wordIn(await world.keeper.fetch(started(), client.id));
  const send = (message) => world.keeper.fetch(sent(message), "nobody");
  const first = await word(a), second = await word(b);
  await send({ word: first, build: "one", put: "a" });
  return { ...world, a, b, first, second, word, send };
}

for (const [name, word, want] of [
  ["of another program", ({ second }) => second, "a"],
  ["of the owner", ({ first }) => first, "a"],
  ["that nobody has", () => "word 99", null],
  ["with more in it", ({ second }) => `${second}x`, null],
  ["that is empty", () => "", null],
  ["that is missing", () => undefined, null],
  ["that is the name of something", () => "__proto__", null],
]) {
  test(`a word ${name}`, async () => {
    const world = await words();
    world.ends(world.a);
    assert.equal(await world.send({ word: word(world), build: "one" }), want);
  });
}

test("a word is its owner's", async () => {
  const { send, first, second, a, ends } = await words();
  assert.equal(await send({ word: second, build: "one" }), "lives");
  ends(a);
  assert.equal(await send({ word: second, build: "one" }), "a");
  await send({ word: first, build: "one", put: "late" });
  assert.equal(await send({ word: second, build: "one" }), "a");
  assert.equal(await send({ word: first, build: "one", lost: true }), "lost");
});

test("words of who is gone are forgotten with the next", async () => {
  const { keeper, program, word, send, first, a, ends } = await words();
  ends(a);
  await word(program("C"));
  assert.equal(keeper.inside.senders.size, 2);
  assert.equal(await send({ word: first, build: "one", put: "b" }), null);
});

test("all words are forgotten when it goes", async () => {
  const { keeper, send, second } = await words();
  await send({ word: second, build: "one", drop: true, end: true });
  assert.equal(keeper.inside.senders.size, 0);
  assert.equal(await send({ word: second, build: "one" }), null);
});

test("whose records others have is no list without end", async () => {
  const { keeper, program, put, take } = begin();
  await put(program("0"), "a");
  for (let i = 1; i < 2_000; i++) {
    keeper.browser.clients.get(String(i - 1)).alive = false;
    assert.equal(await take(program(String(i))), "a");
  }
  assert.ok(keeper.inside.left.size === 200, `${keeper.inside.left.size} of 2,000 reloads`);
});
