import assert from "node:assert/strict";
import { test } from "node:test";

import { Seen, type HomeEvent, type Row } from "../islands/core/events.js";
import { Rows } from "../islands/core/rows.js";

const ANA = { id: "a", name: "Ana" };
let ids = 0;

function row(key: string, version = 1, minute = version, comments = 0): Row {
  const at = `2026-11-23T09:${String(minute).padStart(2, "0")}:00Z`;
  const people = { author: ANA, editor: ANA };
  return { key, title: key, excerpt: "", version, comments, ...people, created_at: at, updated_at: at };
}

const base = () => ({ id: String(++ids), at: "", by: ANA });
const saved = (note: Row): HomeEvent => ({ ...base(), type: note.version === 1 ? "note.created" : "note.updated", note });
const deleted = (key: string, version: number, at = ""): HomeEvent => ({
  ...base(),
  at,
  type: "note.deleted",
  note: { key, title: key, version },
});

const TOP = { takesNew: true, room: Infinity, by: "updated_at" } as const;

function list(...rows: Row[]): Rows {
  return new Rows(rows, TOP);
}

test("a new note stands on top", () => {
  const rows = list(row("b", 1, 2), row("a", 1, 1));
  assert.equal(rows.apply(saved(row("c", 1, 3)), false), true);
  assert.deepEqual(rows.order, ["c", "b", "a"]);
});

test("a changed note moves to the top", () => {
  const rows = list(row("b", 1, 2), row("a", 1, 1));
  rows.apply(saved(row("a", 2, 9)), false);
  assert.deepEqual(rows.order, ["a", "b"]);
});

test("a repeat, and a version that is not newer, change nothing", () => {
  const rows = list(row("a", 3));
  const event = saved(row("a", 4));
  assert.equal(rows.apply(event, false), true);
  assert.equal(rows.apply(event, false), false);
  assert.equal(rows.apply(saved(row("a", 4)), false), false);
  assert.equal(rows.get("a")?.version, 4);
});

test("a deleted note does not return by a late event, but does from the trash", () => {
  const rows = list(row("a", 1));
  rows.apply(deleted("a", 2), false);
  rows.apply(saved(row("a", 2)), false);
  assert.deepEqual(rows.order, []);
  rows.apply(saved(row("a", 3)), false);
  assert.deepEqual(rows.order, ["a"]);
});

test("while the reader is busy rows change in place and new ones wait", () => {
  const rows = list(row("b", 1, 2), row("a", 1, 1));
  rows.apply(saved(row("a", 2, 9)), true);
  rows.apply(saved(row("c", 1, 10)), true);
  assert.deepEqual([rows.order, rows.waiting, rows.get("a")?.version], [["b", "a"], 1, 2]);
  rows.release();
  assert.deepEqual([rows.order, rows.waiting], [["c", "a", "b"], 0]);
});

test("a note that waited and was deleted does not wait any more", () => {
  const rows = list();
  rows.apply(saved(row("c")), true);
  rows.apply(deleted("c", 2), true);
  assert.equal(rows.waiting, 0);
});

test("a search takes changes of its rows and no new ones", () => {
  const rows = new Rows([row("b", 1, 2), row("a", 1, 1)], { ...TOP, takesNew: false });
  rows.apply(saved(row("a", 2, 9)), false);
  rows.apply(saved(row("c", 1, 10)), false);
  assert.deepEqual(rows.order, ["b", "a"]);
  assert.equal(rows.get("a")?.version, 2);
});

test("comments are counted", () => {
  const rows = list(row("a"));
  const event: HomeEvent = { ...base(), type: "note.discussed", note: { key: "a", comments: 4 } };
  assert.equal(rows.apply(event, false), true);
  assert.equal(rows.get("a")?.comments, 4);
});

test("loading anew tells what is different", () => {
  const rows = list(row("a", 1), row("b", 1));
  assert.deepEqual(rows.reset([row("a", 1), row("b", 1)]), []);
  assert.deepEqual(rows.reset([row("c", 1), row("a", 2), row("b", 1)]), ["c", "a"]);
  assert.deepEqual(rows.order, ["c", "a", "b"]);
});

test("what arrives while the server's list is on its way is not lost by it", () => {
  const rows = list(row("a", 1, 1), row("b", 1, 2));
  rows.asked();
  rows.apply(saved(row("c", 1, 3)), false);
  rows.apply(saved(row("a", 2, 4)), false);
  rows.apply(deleted("b", 2), false);
  rows.reset([row("b", 1, 2), row("a", 1, 1)]);
  assert.deepEqual(rows.order, ["a", "c"]);
  assert.equal(rows.get("a")?.version, 2);
});

test("what arrived before the server was asked is in its list or gone from it", () => {
  const rows = list();
  rows.apply(saved(row("a", 1, 1)), false);
  rows.asked();
  rows.reset([row("b", 1, 2)]);
  assert.deepEqual(rows.order, ["b"]);
  rows.asked();
  rows.apply(saved(row("c", 1, 3)), false);
  rows.unanswered();
  rows.reset([row("b", 1, 2)]);
  assert.deepEqual(rows.order, ["b"]);
});

test("an event of an unknown type is ignored", () => {
  const event = { ...base(), type: "note.pinned", note: { key: "a" } } as unknown as HomeEvent;
  assert.equal(list(row("a")).apply(event, false), false);
});

test("ids are remembered up to a bound", () => {
  const seen = new Seen(2);
  assert.deepEqual(["a", "b", "a", "c", "a"].map((id) => seen.isNew(id)), [true, true, false, true, true]);
});

test("whatever the order of arrival and repeats, the list ends as the server's", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 200; round++) {
    const rows = list();
    const versions = new Map<string, number>();
    const events: HomeEvent[] = [];
    const expected = new Map<string, number>();
    for (let minute = 1; minute < 40; minute++) {
      const key = "abcdef"[random(6)] as string;
      const version = (versions.get(key) ?? 0) + 1;
      versions.set(key, version);
      const gone = expected.has(key) && random(4) === 0;
      if (gone) expected.delete(key);
      else expected.set(key, minute);
      events.push(gone ? deleted(key, version) : saved(row(key, version, minute)));
      if (random(3) === 0) events.push(events[random(events.length)] as HomeEvent);
    }
    for (const event of events) rows.apply(event, random(2) === 0);
    rows.release();
    const order = [...expected].sort((a, b) => b[1] - a[1]).map(([key]) => key);
    assert.deepEqual(rows.order, order);
  }
});

test("a key that names another note now shows that note, whatever its version", () => {
  const rows = list(row("a", 5, 10));
  rows.apply(deleted("a", 6, "2026-11-23T09:20:00Z"), false);
  rows.apply(saved(row("a", 1, 30)), false);
  assert.deepEqual([rows.order, rows.get("a")?.version], [["a"], 1]);
  // The end of the one before, told late, ends not this one.
  rows.apply(deleted("a", 6, "2026-11-23T09:20:00Z"), false);
  assert.deepEqual(rows.order, ["a"]);
  const missed = list(row("a", 5, 10));
  missed.apply(saved(row("a", 1, 30)), false);
  assert.equal(missed.get("a")?.version, 1);
});

test("rows that wait are kept up to a bound, and what is beyond it is counted until the list is loaded anew", () => {
  const rows = new Rows([row("a")], { ...TOP, room: 3 });
  for (let minute = 10; minute < 50; minute++) rows.apply(saved(row(`n${minute}`, 1, minute)), true);
  assert.deepEqual([rows.size, rows.waiting, rows.beyond], [3, 2, 38]);
  rows.apply(saved(row("a", 2, 50)), true);
  assert.equal(rows.get("a")?.version, 2);
  rows.reset([row("b")]);
  assert.equal(rows.beyond, 0);
});

test("a list by age keeps its order when notes change, and takes new ones on top", () => {
  const rows = new Rows([row("b", 1, 2), row("a", 1, 1)], { ...TOP, by: "created_at" });
  const changed = { ...row("a", 2, 1), updated_at: "2026-11-23T10:00:00Z" };
  assert.equal(rows.apply(saved(changed), false), true);
  rows.apply(saved(row("c", 1, 3)), false);
  assert.deepEqual([rows.order, rows.get("a")?.version], [["c", "b", "a"], 2]);
});

test("a note of a later page of a list by age stays there when it changes", () => {
  const page = Array.from({ length: 50 }, (_, place) => row(`n${place}`, 1, 59 - place));
  const rows = new Rows(page, { ...TOP, by: "created_at" });
  assert.equal(rows.apply(saved({ ...row("old", 2, 1), updated_at: "2026-11-23T10:00:00Z" }), false), false);
  assert.equal(rows.order.includes("old"), false);
});
