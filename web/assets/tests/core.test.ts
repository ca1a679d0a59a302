import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { Announcer } from "../islands/core/announcer.js";
import { reuse } from "../islands/core/blocks.js";
import * as connection from "../islands/core/connection.js";
import { isOn } from "../islands/core/debug.js";
import { Drafts } from "../islands/core/drafts.js";
import type { HomeEvent } from "../islands/core/events.js";
import { Rows } from "../islands/core/rows.js";
import { relative } from "../islands/core/times.js";

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

test("a draft belongs to one person and one note", () => {
  const kept = new Map<string, string>();
  const store = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  const draft = { title: "Menu", body: "Soup", version: 3, at: "2026-11-23T12:00:00Z", sent: false };
  const anas = new Drafts(store, "ana");
  assert.equal(anas.write("menu", draft), true);
  assert.deepEqual(anas.read("menu"), draft);
  assert.equal(anas.read("other"), null);
  assert.equal(new Drafts(store, "ben").read("menu"), null);
  kept.set("notes:draft:ana:menu", "{broken");
  assert.equal(anas.read("menu"), null);
  const full = { ...store, setItem: () => { throw new Error("quota"); } };
  assert.equal(new Drafts(full, "ana").write("menu", draft), false);
});

test("the golden examples of channel home are understood", () => {
  const folder = "../contracts/examples/home.v1";
  const events = readdirSync(folder).map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as HomeEvent);
  const of = (type: string) => ({ ...(events.find((event) => event.type === type) as HomeEvent), id: type });
  const rows = new Rows([], true);
  for (const type of ["note.created", "note.updated", "note.discussed"]) assert.equal(rows.apply(of(type), false), true, type);
  assert.deepEqual([rows.get("menu")?.title, rows.get("menu")?.comments], ["Menu for Monday", 4]);
  assert.equal(rows.apply(of("note.deleted"), false), true);
  assert.equal(rows.size, 0);
});
