// Tabs that are opened, reloaded and closed, sign-ins and sign-outs, a browser that is slow
// at times: orders by chance, of worker.js and the keeper as they are. FUZZ_SEED repeats one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, PROGRAM, rest } from "./browser.mjs";
import { Program, sleep } from "./program.mjs";

const SEEDS = Number(process.env.FUZZ_SEEDS ?? 400), STEPS = 16;

/** Numbers by chance, the same for a seed. */
function dice(seed) {
  let state = seed;
  return (of) => {
    state = (state + 0x6d2b79f5) | 0;
    let n = Math.imul(state ^ (state >>> 15), 1 | state);
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
    return ((n ^ (n >>> 14)) >>> 0) % of;
  };
}

class World {
  tabs = [];
  programs = [];
  trace = [];
  records = 0;
  signouts = 0;

  constructor(seed, chromium) {
    this.roll = dice(seed);
    this.chromium = chromium;
    this.browser = new Browser();
    this.browser.choose = async (of) => this.roll(of);
    this.scope = chromium ? `${PROGRAM}?keeper` : PROGRAM;
  }

  fail(text) {
    assert.fail(`${text}\n${this.trace.join("\n")}`);
  }

  begin(tab) {
    const program = new Program(this.browser, this.browser.id("P"), { chromium: this.chromium, loads: this.roll(300) });
    this.tabs[tab] = program;
    this.programs.push(program);
    this.trace.push(`tab ${tab}: ${program.name} begins`);
  }

  /** What a program would use: what it has given last, or taken. */
  has(program) {
    return program.given.length ? program.given.at(-1) : program.taken;
  }

  check() {
    for (const program of this.programs) {
      if (program.taken === undefined || program.checked) continue;
      program.checked = true;
      this.trace.push(`${program.name} took "${program.taken}"`);
      const others = this.programs.filter((other) => other !== program && other.lives && program.lives && this.has(other) === program.taken);
      if (program.taken && others.length) this.fail(`${program.name} and ${others[0].name} have ${program.taken}`);
      if (program.taken === "lives") this.fail(`${program.name} has taken a word of the keeper's`);
    }
  }

  /** Something happens, of all that may; time passes if it is patient, and nothing else is left, or for once. */
  async happens() {
    const { choices } = this.browser, timer = this.browser.nextTimer();
    if (timer && timer.at - this.browser.now < 500 && (!choices.length || this.roll(10) === 0)) this.browser.fire(timer);
    else if (choices.length) return this.browser.happens(choices[this.roll(choices.length)]);
    return rest();
  }

  give(program, record) {
    this.trace.push(`${program.name} gives "${record}"`);
    program.give(record);
  }

  /** Who takes or gives something in the very moment in which another sends the keeper away has none until the next sign-in: nobody does. */
  async signOut(program) {
    const alone = this.programs.every((other) => other === program || !other.lives);
    if (!alone) await this.browser.pass(1_000);
    this.give(program, "");
    if (!alone) await this.browser.pass(1_000);
  }

  /** A step in a tab. */
  async step() {
    const tab = this.roll(3), program = this.tabs[tab];
    if (!program?.lives) return this.begin(tab);
    const ready = program.host && program.taken !== undefined;
    switch (this.roll(9)) {
      case 0: case 1: case 2: case 3:
        if (ready) this.give(program, `r${++this.records}`);
        break;
      case 4:
        if (!ready || !this.has(program)) break;
        await this.signOut(program);
        break;
      case 5: case 6:
        this.trace.push(`${program.name} ends`);
        program.end();
        this.begin(tab);
        break;
      case 7:
        this.trace.push(`${program.name} ends`);
        program.end();
        break;
      case 8:
        this.trace.push("what may sleep sleeps");
        sleep(this.browser, false);
    }
  }

  async rests() {
    await this.browser.pass(12_000);
    this.check();
  }

  /** Of each program that lives, and has something, the next has that; when it signs out, and no other has something, the keeper goes. */
  async goesOn() {
    await this.rests();
    for (const tab of this.tabs.keys()) {
      const program = this.tabs[tab];
      if (!program?.lives || !this.has(program)) continue;
      this.give(program, `r${++this.records}`);
      await this.rests();
      program.end();
      this.begin(tab);
      await this.rests();
      const next = this.tabs[tab];
      if (next.taken !== program.given.at(-1)) this.fail(`${next.name} took "${next.taken}", ${program.name} had "${program.given.at(-1)}"`);
      if (!this.browser.registrations.has(this.scope)) this.fail("there is no keeper");
    }
    for (const program of this.programs) {
      if (!program.lives) continue;
      if (this.has(program)) this.give(program, "");
      await this.rests();
    }
    if (this.programs.some(({ given }) => given.length) && this.browser.registrations.has(this.scope) && !this.orphaned()) this.fail("nobody has anything, and the keeper is there");
  }

  /** Whether somebody has ended without a sign-out whose record nobody has taken: then nobody sends the keeper away. */
  orphaned() {
    return this.programs.some((program) => !program.lives && this.has(program));
  }
}

for (const kind of ["messages", "script"]) {
  test(kind, async () => {
    const only = process.env.FUZZ_SEED;
    for (let seed = Number(only ?? 1); seed <= Number(only ?? SEEDS); seed++) {
      const world = new World(seed, kind === "script");
      world.trace.push(`FUZZ_SEED=${seed}`);
      for (let i = 0; i < STEPS; i++) {
        await world.step();
        for (let n = world.roll(3) * world.roll(20); n > 0; n--) await world.happens();
        world.check();
      }
      await world.goesOn();
    }
  });
}
