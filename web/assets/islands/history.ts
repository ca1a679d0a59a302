// The history of a note: a version that somebody saves stands at the top at once.

import { Renewal } from "./core/renewal.js";
import { Seen, type NoteEvent, type Person, type Position, type VersionRow } from "./core/events.js";
import { isOther } from "./dom/current-user.js";
import { announce, tell, tint } from "./dom/feedback.js";
import { Failed, getJson } from "./dom/request.js";
import { path } from "./dom/fill.js";
import { fillVersion, versionItem } from "./dom/version-item.js";
import { Live, sinceOf, type Channel } from "./live.js";
import "./site.js";

interface State {
  versions: VersionRow[];
  /** Where the older ones begin, null if there are none. */
  next: string | null;
  created_at: string;
  position: Position;
}

/** Rows of an open history; with more it begins anew. */
const MOST = 300;

class History implements Channel {
  readonly name: string;
  readonly since: Position | null;
  private readonly key: string;
  private readonly seen = new Seen();
  private readonly renewal = new Renewal(() => (this.isGone ? Promise.resolve() : this.reload()));
  private loading: Promise<Position> | null = null;
  private isGone = false;

  constructor(private readonly list: HTMLElement) {
    this.name = list.dataset["channel"] ?? "";
    this.since = sinceOf(list);
    this.key = list.dataset["key"] ?? "";
  }

  receive(data: unknown): void {
    const event = data as NoteEvent;
    if (!this.seen.isNew(event.id)) return;
    // The event carries the note's HTML, and nothing of how it was saved: the list is asked for.
    if (event.type === "note.updated") this.renewal.want();
    else if (event.type === "note.deleted") this.gone(event.by);
  }

  /** One at a time: who asks meanwhile gets the same answer. */
  reload(): Promise<Position> {
    this.loading ??= this.load().finally(() => (this.loading = null));
    return this.loading;
  }

  private async load(): Promise<Position> {
    try {
      const found = await getJson<State>(this.list.dataset["state"] ?? "");
      if (found.created_at !== this.list.dataset["created"]) this.gone(null);
      else this.put(found.versions, found.next);
      return found.position;
    } catch (error) {
      if (error instanceof Failed && (error.status === 404 || error.status === 410)) this.gone(error.problem.by ?? null);
      throw error;
    }
  }

  /** Rows that stand here stay the same nodes: what was chosen stays chosen. */
  private put(rows: VersionRow[], next: string | null): void {
    // More was saved than an answer holds: what stands here would follow after a gap.
    const isGap = !rows.some(({ version }) => this.row(version));
    let place = this.list.firstElementChild;
    for (const row of rows) {
      const item = this.row(row.version) ?? this.added(row);
      fillVersion(item, row, this.key);
      if (item === place) place = place.nextElementSibling;
      else this.list.insertBefore(item, place);
    }
    const isNew = isGap || this.list.children.length > MOST;
    const held = new Set(rows.map(({ version }) => version));
    const oldest = isNew || next === null ? 0 : (rows.at(-1)?.version ?? 0);
    for (const item of [...this.list.children] as HTMLElement[]) {
      const version = Number(item.dataset["version"]);
      if (version >= oldest && !held.has(version)) item.remove();
    }
    if (isNew || next === null) this.lead(next);
    this.choose();
    this.back();
  }

  private row(version: number): HTMLElement | null {
    return this.list.querySelector(`[data-version="${version}"]`);
  }

  /** To the versions before these. */
  private lead(next: string | null): void {
    const older = document.getElementById("older");
    if (!older) return;
    older.hidden = next === null;
    if (next !== null) older.setAttribute("href", `${path(this.key, "history")}?cursor=${encodeURIComponent(next)}`);
  }

  /** As the server does, where what was chosen went. */
  private choose(): void {
    for (const [name, index] of [["version", 0], ["old", 1]] as const) {
      const radios = [...this.list.querySelectorAll<HTMLInputElement>(`[data-field="pick"]:not([hidden]) input[name="${name}"]`)];
      const radio = radios[index];
      if (radio && !radios.some(({ checked }) => checked)) radio.checked = true;
    }
  }

  private added(row: VersionRow): HTMLElement {
    if (isOther(row.by)) announce(this.key, `${row.by.name} saved version ${row.version}`);
    const item = versionItem(row, this.key);
    tint(item);
    return item;
  }

  private gone(by: Person | null): void {
    this.isGone = true;
    tell("note-gone", by ? `This note was deleted by ${isOther(by) ? by.name : "you"}.` : "This note was deleted.");
  }

  private back(): void {
    this.isGone = false;
    const notice = document.getElementById("note-gone");
    if (notice) notice.hidden = true;
  }
}

const list = document.getElementById("history");
if (list?.dataset["channel"]) new Live([new History(list)]);
