// The list of notes as this page knows it. Pure: events in, the order to show out.
//
// Promise: whatever repeats or old events arrive, the rows end as the server's; a version never goes back, and a
// deleted note does not return by a late event. While the reader is busy (`held`), rows change in place and new
// ones wait, up to a bound; what is `beyond` it the server's list brings. What arrives while that list is on its way here
// (`asked`, then `reset`) is not lost by it. A key may name another note later: what was made after the one before it
// ended, or last changed, is that other note, whatever its version.

import { Seen, type HomeEvent, type Row } from "./events.js";

const TOMBSTONES = 1000;
const A_PAGE = 50;

export interface Kind {
  /** This is the top of the whole list, not a search or a later page. */
  takesNew: boolean;
  /** For rows, while some wait. */
  room: number;
  /** What comes first has the latest of these. */
  by: "updated_at" | "created_at";
}

export class Rows {
  private readonly known = new Map<string, Row>();
  private readonly deleted = new Map<string, { version: number; at: string }>();
  private readonly seen = new Seen();
  /** Since the server was asked for its list; null while it is not. */
  private arrived: HomeEvent[] | null = null;
  private shown: string[];
  /** How many changes of notes that are not known here were passed over. */
  beyond = 0;

  constructor(
    rows: readonly Row[],
    private readonly of: Kind,
  ) {
    for (const row of rows) this.known.set(row.key, row);
    this.shown = rows.map((row) => row.key);
  }

  get(key: string): Row | undefined {
    return this.known.get(key);
  }

  get order(): readonly string[] {
    return this.shown;
  }

  get size(): number {
    return this.known.size;
  }

  /** How many notes exist that are not shown yet. */
  get waiting(): number {
    return this.known.size - this.shown.length;
  }

  /** True if anything is different now. */
  apply(event: HomeEvent, held: boolean): boolean {
    if (!this.seen.isNew(event.id)) return false;
    this.arrived?.push(event);
    return this.take(event, held);
  }

  private take(event: HomeEvent, held: boolean): boolean {
    switch (event.type) {
      case "note.created":
      case "note.updated":
        return this.put(event.note, held);
      case "note.deleted":
        return this.remove(event.note.key, { version: event.note.version, at: event.at });
      case "note.discussed":
        return this.discuss(event.note.key, event.note.comments);
      default:
        return false;
    }
  }

  /** Show what waited, the latest first. */
  release(): void {
    if (!this.of.takesNew) return;
    const newest = (a: string, b: string) => this.compare(this.known.get(b), this.known.get(a));
    this.shown = [...this.known.keys()].sort(newest);
  }

  /** The server is asked for its list: what arrives from now on may be missing in it. */
  asked(): void {
    this.arrived = [];
  }

  /** It did not come. */
  unanswered(): void {
    this.arrived = null;
  }

  /** The server's list, with what arrived since it was asked for. Returns the keys that are new or different. */
  reset(rows: readonly Row[]): string[] {
    const changed = rows.filter((row) => !same(this.known.get(row.key), row)).map((row) => row.key);
    const gone = this.shown.some((key) => !rows.some((row) => row.key === key));
    this.known.clear();
    for (const row of rows) this.known.set(row.key, row);
    this.shown = rows.map((row) => row.key);
    this.beyond = 0;
    for (const event of this.arrived ?? []) this.take(event, false);
    this.arrived = null;
    return gone && changed.length === 0 ? [""] : changed;
  }

  private put(row: Row, held: boolean): boolean {
    const before = this.known.get(row.key);
    if (!isNewer(row, before) || !isAfter(row, this.deleted.get(row.key))) return false;
    if (!before && (!this.of.takesNew || this.isBelow(row))) return false;
    if (!before && held && this.known.size >= this.of.room) {
      this.beyond += 1;
      return true;
    }
    this.deleted.delete(row.key);
    this.known.set(row.key, row);
    if (!held) this.release();
    return true;
  }

  private remove(key: string, end: { version: number; at: string }): boolean {
    const before = this.known.get(key);
    if (before && isAfter(before, end)) return false;
    this.deleted.set(key, end);
    if (this.deleted.size > TOMBSTONES) this.deleted.delete(this.deleted.keys().next().value as string);
    this.known.delete(key);
    this.shown = this.shown.filter((each) => each !== key);
    return before !== undefined;
  }

  /** In a list by age a change is no reason to come here: the note stands on a later page. */
  private isBelow(row: Row): boolean {
    const last = this.shown.at(-1);
    return this.of.by === "created_at" && this.shown.length >= A_PAGE && this.compare(row, this.known.get(last ?? "")) < 0;
  }

  private compare(a: Row | undefined, b: Row | undefined): number {
    const [one, other] = [a?.[this.of.by] ?? "", b?.[this.of.by] ?? ""];
    return one < other ? -1 : one > other ? 1 : 0;
  }

  private discuss(key: string, comments: number): boolean {
    const before = this.known.get(key);
    if (!before || before.comments === comments) return false;
    this.known.set(key, { ...before, comments });
    return true;
  }
}

function isNewer(row: Row, before: Row | undefined): boolean {
  return !before || row.version > before.version || row.created_at > before.updated_at;
}

/** Is it not what was deleted, but the same note come back, or another one? */
function isAfter(row: Row, end: { version: number; at: string } | undefined): boolean {
  return !end || row.version > end.version || (end.at !== "" && row.created_at > end.at);
}

function same(a: Row | undefined, b: Row): boolean {
  return a?.version === b.version && a.comments === b.comments;
}
