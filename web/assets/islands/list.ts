// The live list: events become keyed rows. Rows that the reader looks at do not move; new ones wait behind a button.

import { area } from "./core/debug.js";
import type { HomeEvent, Position, Row } from "./core/events.js";
import { LastSeen } from "./core/last-seen.js";
import { Renewal } from "./core/renewal.js";
import { Rows } from "./core/rows.js";
import { announce, tint } from "./dom/feedback.js";
import { fillRow, markNews, rowItem } from "./dom/fill.js";
import { isOther, currentUser } from "./dom/current-user.js";
import { getJson } from "./dom/request.js";
import { local } from "./dom/storage.js";
import { sinceOf, type Channel } from "./live.js";

const debug = area("notes:list");

/** Events of one moment are drawn together. */
const DRAW_MS = 30;
/** A page that stands open for days loads its list anew instead of growing for ever. */
const MOST_ROWS = 300;

interface State {
  notes: Row[];
  next: string | null;
  position: Position;
}

export class List implements Channel {
  readonly name: string;
  readonly since: Position | null;
  private readonly items = new Map<string, HTMLElement>();
  private readonly changed = new Set<string>();
  private readonly rows: Rows;
  private readonly fresh = document.getElementById("fresh") as HTMLButtonElement;
  private readonly scroller: HTMLElement | null;
  private readonly lastSeen = new LastSeen(local, currentUser.id);
  private drawing = false;
  private loading: Promise<Position> | null = null;
  private readonly renewal = new Renewal(() => this.reload());

  constructor(private readonly list: HTMLElement) {
    this.name = list.dataset["channel"] ?? "home";
    this.since = sinceOf(list);
    this.scroller = list.closest("[data-scroller]");
    for (const item of list.querySelectorAll<HTMLElement>(":scope > [data-key]")) {
      this.items.set(item.dataset["key"] ?? "", item);
    }
    this.rows = new Rows([...this.items.values()].map(rowOf), {
      takesNew: list.dataset["top"] === "yes",
      room: MOST_ROWS,
      by: list.dataset["sort"] === "created" ? "created_at" : "updated_at",
    });
    this.learn([...this.items.values()].map(rowOf));
    this.mark();
    this.fresh.addEventListener("click", () => this.showFresh());
    const look = () => this.rows.waiting > 0 && !this.held() && this.release();
    for (const target of [this.scroller, window]) target?.addEventListener("scroll", look, { passive: true });
    // LastSeen at in another window.
    addEventListener("storage", () => this.mark());
    list.addEventListener("focusout", () => setTimeout(look));
  }

  receive(data: unknown): void {
    const event = data as HomeEvent;
    const before = this.rows.get(event.note?.key);
    if (!this.rows.apply(event, this.held())) return;
    const { key } = event.note;
    if (isOther(event.by)) {
      if (event.type !== "note.discussed") this.changed.add(key);
      announce(key, sentence(event, before));
    } else if ("version" in event.note) {
      this.lastSeen.saw(key, event.note.version);
    }
    this.draw();
  }

  /** One at a time: who asks meanwhile gets the same answer. */
  reload(): Promise<Position> {
    this.loading ??= this.load().finally(() => (this.loading = null));
    return this.loading;
  }

  private async load(): Promise<Position> {
    this.rows.asked();
    const found = await this.fetched();
    this.learn(found.notes);
    const changed = this.rows.reset(found.notes);
    debug("loaded anew", changed.length, "changed");
    for (const key of changed) this.changed.add(key);
    if (changed.length > 0) announce("the list", "The list is up to date again");
    const older = document.getElementById("older");
    if (older) older.hidden = found.next === null;
    if (older && found.next) {
      const asked = new URL(this.list.dataset["state"] ?? "", location.href).searchParams;
      asked.set("cursor", found.next);
      older.setAttribute("href", `/?${asked}`);
    }
    this.draw();
    return found.position;
  }

  private async fetched(): Promise<State> {
    try {
      return await getJson<State>(this.list.dataset["state"] ?? "/live/home");
    } catch (error) {
      this.rows.unanswered();
      throw error;
    }
  }

  private learn(rows: readonly Row[]): void {
    this.lastSeen.learn(rows.map(({ key, looked }) => [key, looked ?? 0] as const));
  }

  private held(): boolean {
    const scrolled = (this.scroller?.scrollTop ?? 0) > 24 || scrollY > 120;
    return scrolled || document.activeElement?.closest(".row") != null;
  }

  private release(): void {
    this.rows.release();
    this.draw();
  }

  private showFresh(): void {
    this.scroller?.scrollTo({ top: 0 });
    scrollTo({ top: 0 });
    this.rows.release();
    this.drawNow();
    this.list.querySelector<HTMLElement>(".row-link")?.focus({ preventScroll: true });
  }

  private draw(): void {
    if (this.drawing) return;
    this.drawing = true;
    setTimeout(() => {
      this.drawing = false;
      this.drawNow();
    }, DRAW_MS);
  }

  private drawNow(): void {
    let place = this.list.firstElementChild;
    for (const key of this.rows.order) {
      const item = this.item(key);
      if (item === place) place = place.nextElementSibling;
      else this.list.insertBefore(item, place);
      if (this.changed.delete(key)) tint(item);
    }
    while (place) {
      const next = place.nextElementSibling;
      this.items.delete((place as HTMLElement).dataset["key"] ?? "");
      place.remove();
      place = next;
    }
    this.mark();
    this.tell();
    for (const key of this.changed) if (!this.rows.get(key)) this.changed.delete(key);
    if (this.isTooLong() && !this.held() && !this.loading) this.renewal.want();
  }

  private isTooLong(): boolean {
    return this.rows.size > MOST_ROWS || this.rows.beyond > 0;
  }

  /** What changed since this person looked at it; the open note is being looked at. */
  private mark(): void {
    const isNews = this.lastSeen.news();
    for (const [key, item] of this.items) {
      const row = this.rows.get(key);
      const isOpen = key === this.list.dataset["current"];
      // One's own change is no news, wherever one made it.
      const isOwn = row !== undefined && !isOther(row.editor);
      if (row && isOwn && isNews(key, row.version)) this.lastSeen.saw(key, row.version);
      markNews(item, !isOpen && !isOwn && isNews(key, row?.version ?? 0));
    }
  }

  private item(key: string): HTMLElement {
    const row = this.rows.get(key) as Row;
    const known = this.items.get(key);
    const item = known ?? rowItem(row);
    if (known) fillRow(known, row);
    this.items.set(key, item);
    if (key === this.list.dataset["current"]) item.querySelector("a")?.setAttribute("aria-current", "page");
    return item;
  }

  private tell(): void {
    const { waiting } = this.rows;
    this.fresh.hidden = waiting === 0;
    const more = this.rows.beyond > 0 ? "+" : "";
    this.fresh.textContent = waiting === 1 && !more ? "1 new note" : `${waiting}${more} new notes`;
    const empty = document.getElementById("empty");
    if (empty) empty.hidden = this.rows.size > 0;
  }
}

/** A row as the server rendered it. Only what is compared or shown again is read back. */
function rowOf(item: HTMLElement): Row {
  const text = (field: string) => item.querySelector(`[data-field="${field}"]`)?.textContent ?? "";
  const author = { id: item.dataset["author"] ?? "", name: text("author") };
  const editor = { id: item.dataset["editor"] ?? "", name: text("editor") };
  const updated = item.dataset["updated"] ?? "";
  return {
    key: item.dataset["key"] ?? "",
    title: text("title"),
    excerpt: text("excerpt"),
    version: Number(item.dataset["version"]),
    comments: Number(text("comments")),
    changed_lines: parseInt(text("changed_lines").slice(2), 10) || 0,
    looked: Number(item.dataset["looked"] ?? 0),
    author,
    editor,
    created_at: item.dataset["created"] ?? "",
    updated_at: updated,
  };
}

function sentence(event: HomeEvent, before: Row | undefined): string {
  const who = event.by.name;
  const title = "title" in event.note ? event.note.title : (before?.title ?? "a note");
  switch (event.type) {
    case "note.created":
      return `${who} added “${title}”`;
    case "note.updated":
      return `${who} updated “${title}”`;
    case "note.deleted":
      return `${who} deleted “${title}”`;
    case "note.discussed":
      return `${who} commented on “${title}”`;
  }
}
