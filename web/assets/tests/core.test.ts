import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { Announcer } from "../islands/core/announcer.js";
import { reuse } from "../islands/core/blocks.js";
import { CommentDrafts } from "../islands/core/comment-drafts.js";
import { fellowWriters, sentence } from "../islands/core/presence.js";
import * as connection from "../islands/core/connection.js";
import { Deafness } from "../islands/core/deafness.js";
import { isOn } from "../islands/core/debug.js";
import { Drafts } from "../islands/core/drafts.js";
import type { HomeEvent } from "../islands/core/events.js";
import { compare } from "../islands/core/lines.js";
import { Looks, PAUSE_MS } from "../islands/core/looks.js";
import { LastSeen } from "../islands/core/last-seen.js";
import { Patience, toldToWait } from "../islands/core/patience.js";
import { Renewal } from "../islands/core/renewal.js";
import { Rows } from "../islands/core/rows.js";
import { relative } from "../islands/core/times.js";
import { told, type Facts } from "../islands/core/writing.js";

test("the connection is live, then reconnecting, then offline, then live again", () => {
  let link = connection.opening(0, true);
  assert.equal(connection.state(link, 10), "connecting");
  assert.equal(connection.state(link, 6_000), "reconnecting");
  link = connection.wentUp(link, 7_000);
  assert.equal(connection.state(link, 8_000), "live");
  link = connection.wentDown(link, 10_000);
  assert.equal(connection.state(link, 10_500), "live");
  assert.equal(connection.state(link, 11_000), "reconnecting");
  link = connection.wentDown(link, 20_000);
  assert.equal(connection.state(link, 40_000), "offline");
  assert.equal(connection.state(connection.wentUp(link, 41_000), 41_000), "live");
});

test("no network is offline at once, a refusal too", () => {
  const link = connection.wentUp(connection.opening(0, true), 1);
  assert.equal(connection.state(connection.network(link, false), 2), "offline");
  assert.equal(connection.state(connection.wentDown(link, 2, true), 2), "offline");
});

test("the clock is only looked at when time alone can change the answer", () => {
  const up = connection.wentUp(connection.opening(0, true), 0);
  assert.equal(connection.untilNext(up, 100), null);
  const down = connection.wentDown(up, 1_000);
  assert.equal(connection.untilNext(down, 1_400), 600);
  assert.equal(connection.untilNext(down, 40_000), null);
});

test("only who is told that there is no room waits, between what was told and twice that", () => {
  const [soon, late] = [() => 0, () => 1];
  assert.equal(toldToWait({ status: 503, retryAfter: "5" }, soon), 5_000);
  assert.equal(toldToWait({ status: 503, retryAfter: "5" }, late), 10_000);
  assert.equal(toldToWait({ status: 503, retryAfter: "600" }, late), 30_000);
  // The edge's word while a service restarts: within the five seconds of a page's promise.
  assert.equal(toldToWait({ status: 503, retryAfter: "2" }, late), 4_000);
  for (const answer of [null, { status: 426, retryAfter: null }, { status: 502, retryAfter: "2" }, { status: 503, retryAfter: null }, { status: 503, retryAfter: "soon" }]) {
    assert.equal(toldToWait(answer, late), null);
  }
});

test("a page asks for room from its third try on, until it gets in", async () => {
  const answers = [{ status: 503, retryAfter: "5" }, { status: 503, retryAfter: "8" }, { status: 426, retryAfter: null }, null];
  const [waited, asked]: [number[], number[]] = [[], []];
  let tries = 0;
  const ask = async () => {
    asked.push(tries);
    return answers.shift() ?? null;
  };
  const patience = new Patience(ask, async (wait) => void waited.push(wait), () => 0.5);
  for (; tries < 4; tries += 1) await patience.beforeATry();
  assert.deepEqual(asked, [2, 2, 2, 3]);
  assert.deepEqual(waited, [7_500, 12_000]);
  patience.gotIn();
  await patience.beforeATry();
  assert.equal(asked.length, 4);
});

test("three thousand pages that find no room ask less than 160 times a second", async () => {
  // What the gateway tells a crowd: 15 s at most. Every page waits on its own; the clock is a queue of who wakes when.
  const [wakes, pages, minutes] = [[] as { at: number; wake: () => void }[], 3_000, 5];
  let [now, asked] = [0, 0];
  const ask = async () => ((asked += 1), { status: 503, retryAfter: "15" });
  const page = () => new Patience(ask, (wait) => new Promise((wake) => wakes.push({ at: now + wait, wake })));
  for (let n = 0; n < pages; n += 1) {
    const one = page();
    void (async () => {
      for (;;) await one.beforeATry();
    })();
  }
  const settle = () => new Promise((done) => setImmediate(done));
  await settle();
  for (; now < minutes * 60_000; now += 1_000) {
    const due = wakes.filter(({ at }) => at <= now);
    wakes.splice(0, wakes.length, ...wakes.filter(({ at }) => at > now));
    for (const { wake } of due) wake();
    await settle();
  }
  assert.equal(wakes.length, pages);
  assert.ok(asked / (minutes * 60) < 160, `${asked / (minutes * 60)} a second`);
});

test("at most one sentence every three seconds, and a burst is its sum", () => {
  const [said, plans]: [string[], [number, () => void][]] = [[], []];
  let now = 0;
  const announcer = new Announcer((text) => said.push(text), () => now, (work, wait) => plans.push([wait, work]));
  const run = () => {
    const [wait, work] = plans.shift() as [number, () => void];
    now += wait;
    work();
  };
  announcer.tell("a", "Ana updated “Menu”");
  run();
  for (const key of "bcdef") announcer.tell(key, `Ana updated ${key}`);
  assert.equal(plans.length, 1);
  run();
  assert.deepEqual(said, ["Ana updated “Menu”", "5 notes changed"]);
  assert.ok(now >= 3_000);
});

test("blocks that stay are reused in order", () => {
  assert.deepEqual(reuse(["a", "b", "c"], ["a", "x", "c"]), [0, null, 2]);
  assert.deepEqual(reuse(["a", "b", "c"], ["c"]), [2]);
  assert.deepEqual(reuse(["a", "b", "c", "d"], ["a", "c", "x", "b", "d"]), [0, 2, null, null, 3]);
  assert.deepEqual(reuse([], ["a"]), [null]);
  assert.deepEqual(reuse(["a", "a"], ["a", "a", "a"]), [0, 1, null]);
});

test("times are said as people say them", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  const ago = (seconds: number) => relative(new Date(now - seconds * 1000).toISOString(), now, "en");
  assert.equal(ago(3), "just now");
  assert.equal(ago(5 * 60), "5 min. ago");
  assert.equal(ago(3 * 3600), "3 hr. ago");
  assert.equal(ago(26 * 3600), "yesterday");
  assert.equal(relative("2025-03-01T12:00:00Z", now, "en"), "Mar 1, 2025");
  assert.equal(relative("", now), "");
});

test("debug areas are off unless named", () => {
  assert.equal(isOn("", "notes:live"), false);
  assert.equal(isOn("notes:*", "notes:live"), true);
  assert.equal(isOn("notes:*,-notes:live", "notes:live"), false);
  assert.equal(isOn("gateway:*", "notes:live"), false);
});

class Shelf {
  readonly kept = new Map<string, string>();
  get length() {
    return this.kept.size;
  }
  key(index: number) {
    return [...this.kept.keys()][index] ?? null;
  }
  getItem(name: string) {
    return this.kept.get(name) ?? null;
  }
  setItem(name: string, value: string) {
    this.kept.set(name, value);
  }
  removeItem(name: string) {
    this.kept.delete(name);
  }
}

function draft(writing: string, at = "2026-11-23T12:00:00Z") {
  return { writing, title: "Menu", body: "Soup", version: 3, base: { title: "Menu", body: "" }, at };
}

test("a draft belongs to one person and one note", () => {
  const shelf = new Shelf();
  const anas = new Drafts(shelf, "ana");
  assert.equal(anas.write("menu", draft("a")), true);
  assert.deepEqual(anas.of("menu"), [draft("a")]);
  assert.deepEqual(anas.of("men"), []);
  assert.deepEqual(new Drafts(shelf, "ben").of("menu"), []);
  shelf.kept.set("notes:draft:ana:menu:a", "{broken");
  assert.deepEqual(anas.of("menu"), []);
});

test("promise: two windows never overwrite each other's draft, and the latest comes first", () => {
  const drafts = new Drafts(new Shelf(), "ana");
  drafts.write("", draft("first", "2026-11-23T12:00:00Z"));
  drafts.write("", draft("second", "2026-11-23T12:01:00Z"));
  assert.deepEqual(drafts.of("").map((each) => each.writing), ["second", "first"]);
  drafts.drop("", "second");
  assert.deepEqual(drafts.of("").map((each) => each.writing), ["first"]);
});

test("all unsaved texts of a person are found with their notes", () => {
  const shelf = new Shelf();
  new Drafts(shelf, "ben").write("menu", draft("bens"));
  const drafts = new Drafts(shelf, "ana");
  drafts.write("menu", draft("one", "2026-11-23T12:00:00Z"));
  drafts.write("", draft("two", "2026-11-23T12:01:00Z"));
  assert.deepEqual(drafts.all().map(({ note, writing }) => [note, writing]), [["", "two"], ["menu", "one"]]);
});

test("a text that was saved is forgotten wherever it was begun, and no other", () => {
  const shelf = new Shelf();
  const drafts = new Drafts(shelf, "ana");
  drafts.write("menu", draft("saved"));
  drafts.write("", draft("saved"));
  drafts.write("menu", draft("other"));
  new Drafts(shelf, "ben").write("menu", draft("saved"));
  drafts.dropEverywhere("saved");
  assert.deepEqual([...shelf.kept.keys()], ["notes:draft:ana:menu:other", "notes:draft:ben:menu:saved"]);
});

test("drafts of one note are bounded, and a device without room says so", () => {
  const drafts = new Drafts(new Shelf(), "ana");
  for (let number = 0; number < 40; number++) drafts.write("menu", draft(`w${number}`, `2026-11-23T12:00:${number + 10}Z`));
  assert.equal(drafts.of("menu").length, 21);
  assert.equal(drafts.of("menu")[0]?.writing, "w39");
  const full = new Shelf();
  full.setItem = () => {
    throw new Error("quota");
  };
  assert.equal(new Drafts(full, "ana").write("menu", draft("a")), false);
});

test("an unsaid comment is kept with the name under which it is sent, and empty text is not", () => {
  const shelf = new Shelf();
  const drafts = new CommentDrafts(shelf, "ana");
  drafts.write("menu", { text: "Is there cake?", once: "abc" });
  assert.deepEqual(drafts.of("menu"), { text: "Is there cake?", once: "abc" });
  assert.equal(drafts.of("other"), null);
  assert.equal(new CommentDrafts(shelf, "ben").of("menu"), null);
  drafts.write("menu", { text: "", once: "def" });
  assert.equal(shelf.length, 0);
});

test("unsaid comments are found without their notes, the latest first, and are not kept without end", () => {
  const drafts = new CommentDrafts(new Shelf(), "ana");
  for (let day = 10; day < 40; day++) drafts.write(`n${day}`, { text: "x", once: "o", at: `2026-${day}` });
  const found = drafts.all().map(({ note }) => note);
  assert.deepEqual([found[0], found.length, found.includes("n10")], ["n39", 20, false]);
});

test("after a jump keys are no commands until a second of quiet", () => {
  const ear = new Deafness(true, 0);
  assert.deepEqual([500, 1_200, 2_100, 3_100, 3_150].map((now) => ear.hears(now)), [false, false, false, true, true]);
  assert.equal(new Deafness(false, 0).hears(1), true);
});

test("a note is news when it changed since this person looked, and only then", () => {
  const lastSeen = new LastSeen(new Shelf(), "ana");
  assert.equal(lastSeen.isNews("menu", 1), false);
  lastSeen.saw("menu", 2);
  assert.deepEqual([lastSeen.isNews("menu", 2), lastSeen.isNews("menu", 3)], [false, true]);
  lastSeen.saw("menu", 1);
  assert.equal(lastSeen.isNews("menu", 2), false);
  for (let number = 0; number < 400; number++) lastSeen.saw(`n${number}`, 1);
  assert.deepEqual([lastSeen.isNews("menu", 9), lastSeen.isNews("n399", 2)], [false, true]);
});

test("what many pages know of one person is learnt, and never goes back", () => {
  const lastSeen = new LastSeen(new Shelf(), "ana");
  lastSeen.learn([["menu", 3], ["tea", 0]]);
  lastSeen.learn([["menu", 2]]);
  assert.deepEqual([lastSeen.version("menu"), lastSeen.version("tea")], [3, undefined]);
});

test("the server is told of a look at most once a minute, and of the latest one", () => {
  const told: number[] = [];
  const later: (() => void)[] = [];
  let now = 1_000_000;
  const clock = { now: () => now, after: (_: number, work: () => void) => void later.push(work), random: () => 0 };
  const looks = new Looks((version) => told.push(version), clock, 2, 0);
  looks.saw(2);
  assert.equal(told.length, 0);
  looks.saw(3);
  for (const version of [4, 5]) looks.saw(version);
  assert.deepEqual([told, later.length], [[3], 1]);
  now += PAUSE_MS;
  later.shift()?.();
  looks.saw(5);
  assert.deepEqual(told, [3, 5]);
  // A page that is loaded anew within the minute waits, too.
  new Looks((version) => told.push(version), clock, 0, now - 1).saw(6);
  assert.deepEqual([told, later.length], [[3, 5], 1]);
});

test("what many pages see come in at once is told spread over a minute, or as the page is left", () => {
  const told: number[] = [];
  const later: { wait: number; work: () => void }[] = [];
  let [now, chance] = [1_000_000, 0.5];
  const clock = { now: () => now, after: (wait: number, work: () => void) => void later.push({ wait, work }), random: () => chance };
  const looks = new Looks((version) => told.push(version), clock, 2, 0);
  looks.saw(3, true);
  looks.saw(4, true);
  assert.deepEqual([told, later.map(({ wait }) => wait)], [[], [PAUSE_MS / 2]]);
  looks.flush();
  looks.flush();
  assert.deepEqual(told, [4]);
  // The page comes back out of the browser's memory: what it had planned is done.
  later.shift()?.work();
  assert.deepEqual(told, [4]);
  // Never later than a minute, and not twice in one.
  chance = 0;
  now += 1_000;
  looks.saw(5, true);
  assert.equal(later[0]?.wait, PAUSE_MS - 1_000);
});

test("a comparison shows every change, and folds what is the same", () => {
  const before = ["a", ...Array.from({ length: 9 }, (_, number) => `same ${number}`), "b"].join("\n");
  const kinds = compare(before, before.replace("b", "c")).map(({ kind, text }) => `${kind} ${text}`);
  assert.deepEqual(kinds, ["folded 8 lines that are the same", "same same 7", "same same 8", "removed b", "added c"]);
  assert.deepEqual(compare("", "x").map((line) => line.kind), ["removed", "added"]);
  assert.deepEqual(compare("x", "x"), [{ kind: "same", text: "x" }]);
});

test("whoever writes is told where the text is", () => {
  const calm = { sending: "no", isDirty: true, isKept: true, savedAt: "", link: "live" } as const;
  const words = (facts: Partial<Facts>) => told({ ...calm, ...facts })[1];
  assert.equal(words({}), "Unsaved changes");
  assert.equal(words({ isDirty: false }), "");
  assert.match(words({ isDirty: false, savedAt: "2026-11-23T12:00:00Z" }), /^Saved \d/);
  assert.equal(words({ sending: "here" }), "Saving…");
  assert.equal(words({ link: "offline" }), "Offline: kept on this device");
  assert.equal(words({ sending: "failed" }), "Not saved, the server cannot be reached: kept on this device");
  assert.match(words({ isKept: false }), /cannot keep it/);
});

test("who else is there is one sentence", () => {
  const said = (people: [string, boolean][], more = 0, guests = 0) =>
    sentence({ people: people.map(([name, writing]) => ({ name, writing })), more, guests, poll_after: 8 });
  assert.equal(said([]), "");
  assert.equal(said([["Ben", false]]), "Ben is here");
  assert.equal(said([["Ben", true], ["Cleo", false]]), "Ben is writing, Cleo is here");
  assert.equal(said([["Ben", false], ["Cleo", false], ["Dan", false]], 2, 1), "Ben, Cleo, 3 others, and 1 guest are here");
  assert.equal(said([], 0, 1), "1 guest is here");
  assert.equal(fellowWriters({ people: [{ name: "Ben", writing: false }], more: 0, guests: 3, poll_after: 8 }), "");
  assert.match(fellowWriters({ people: [{ name: "Ben", writing: true }], more: 0, guests: 0, poll_after: 8 }), /^Ben is writing in this note too\./);
});

test("the golden examples of channel home are understood", () => {
  const folder = "../contracts/examples/home.v1";
  const events = readdirSync(folder).map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as HomeEvent);
  const of = (type: string) => ({ ...(events.find((event) => event.type === type) as HomeEvent), id: type });
  const rows = new Rows([], { takesNew: true, room: Infinity, by: "updated_at" });
  for (const type of ["note.created", "note.updated", "note.discussed"]) assert.equal(rows.apply(of(type), false), true, type);
  assert.deepEqual([rows.get("menu")?.title, rows.get("menu")?.comments], ["Menu for Monday", 4]);
  assert.equal(rows.apply(of("note.deleted"), false), true);
  assert.equal(rows.size, 0);
});

test("what is wanted is loaded once after it was last wanted, and again until it succeeds", async () => {
  const begun: (() => void)[] = [];
  const pauses: number[] = [];
  let fails = 2;
  const work = () =>
    new Promise<void>((done, failed) => begun.push(() => (fails-- > 0 ? failed(new Error("away")) : done())));
  const renewal = new Renewal(work, async (pause) => pauses.push(pause));
  const settle = async () => {
    begun.shift()?.();
    await new Promise((go) => setTimeout(go));
  };
  renewal.want();
  for (let number = 0; number < 100; number++) renewal.want();
  assert.equal(begun.length, 1);
  for (let number = 0; number < 3; number++) await settle();
  assert.deepEqual([begun.length, pauses], [0, [1_000, 2_000]]);
  renewal.want();
  renewal.want();
  await settle();
  assert.equal(begun.length, 1);
  await settle();
  assert.equal(begun.length, 0);
});

test("live is said while the pulse is heard, and again when it comes back", () => {
  let link = connection.wentUp(connection.opening(0, true), 1_000);
  assert.deepEqual([connection.state(link, 999_000), connection.untilNext(link, 2_000)], ["live", null]);
  link = connection.beat(link, 10_000, 5);
  assert.deepEqual([connection.state(link, 19_900), connection.untilNext(link, 15_000)], ["live", 5_000]);
  assert.equal(connection.state(link, 20_000), "reconnecting");
  assert.equal(connection.untilNext(link, 20_000), 25_000);
  assert.equal(connection.state(link, 45_000), "offline");
  link = connection.beat(link, 46_000, 5);
  assert.equal(connection.state(link, 46_000), "live");
  link = connection.beat(link, 47_000, 0);
  assert.deepEqual([connection.state(link, 47_500), connection.state(link, 48_000)], ["live", "reconnecting"]);
  link = connection.beat(link, 49_000, null);
  assert.deepEqual([connection.state(link, 999_000), connection.untilNext(link, 50_000)], ["live", null]);
  link = connection.wentDown(link, 47_000);
  assert.equal(connection.wentUp(link, 48_000).pulse, null);
});

test("who connects while the path stands still is not told that it is live, not for a moment", () => {
  let link = connection.beat(connection.opening(1_000, true), 1_100, 0);
  link = connection.wentUp(link, 1_200);
  const states = [1_200, 1_999, 5_999, 6_000, 31_000].map((now) => connection.state(link, now));
  assert.deepEqual(states, ["connecting", "connecting", "connecting", "reconnecting", "offline"]);
  assert.equal(connection.untilNext(link, 1_200), 800);
  link = connection.beat(link, 40_000, null);
  assert.equal(connection.state(link, 40_000), "live");
  link = connection.beat(connection.wentDown(link, 50_000), 53_000, 0);
  link = connection.wentUp(link, 53_100);
  assert.equal(connection.state(link, 53_100), "reconnecting");
  assert.equal(connection.state(connection.beat(link, 54_000, null), 54_000), "live");
});
