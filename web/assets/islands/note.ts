// The note's page: its text and comments follow what others do; a deleted note sends its readers home.

import { Conversation, type Page } from "./conversation.js";
import { Renewal } from "./core/renewal.js";
import { Seen, type Comment, type NoteEvent, type Person, type Position } from "./core/events.js";
import { announce, tell, toastLater } from "./dom/feedback.js";
import { lines, path } from "./dom/fill.js";
import { isOther, may, currentUser } from "./dom/current-user.js";
import { Failed, getJson } from "./dom/request.js";
import { keepsNothing } from "./dom/storage.js";
import { patch, welcome } from "./dom/text.js";
import { Ticking } from "./dom/ticking.js";
import { clarify } from "./dom/times.js";
import { hasTyped, jump } from "./dom/typing.js";
import { List } from "./list.js";
import { Looking } from "./looking.js";
import { PresenceLine } from "./presence.js";
import { Live, sinceOf, type Channel } from "./live.js";
import "./site.js";

interface Text {
  title: string;
  html: string;
  version: number;
  updated_at: string;
  changed_lines?: number | null;
}

interface State {
  note: Text & { editor: Person; created_at: string };
  comments: Page;
  position: Position;
}

class OpenNote implements Channel {
  readonly name: string;
  readonly since: Position | null;
  private readonly key: string;
  private readonly seen = new Seen();
  private readonly conversation: Conversation;
  private readonly renewal = new Renewal(() => (this.isGone ? Promise.resolve() : this.reload()));
  private readonly looking: Looking;
  /** The version that was looked at before this visit, if it was another one. */
  private looked: number | null = null;
  private loading: Promise<Position> | null = null;
  private leaving = false;
  private isGone = false;

  constructor(private readonly article: HTMLElement) {
    this.name = article.dataset["channel"] ?? "";
    this.since = sinceOf(article);
    this.key = article.dataset["key"] ?? "";
    this.conversation = new Conversation(this.key, () => this.renewal.want());
    welcome(body());
    if (currentUser.writes) new Ticking(body(), this.key, () => this.renewal.want());
    this.upgradeDelete();
    this.looking = new Looking(this.key, Number(article.dataset["looked"] ?? 0));
    if (isOther({ id: article.dataset["editor"] ?? "" })) this.looked = this.looking.before(Number(article.dataset["version"]));
    this.offerNews();
    this.look();
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** The list marks what changed since. */
  private look(isLive = false): void {
    if (!document.hidden) this.looking.at(Number(this.article.dataset["version"]), isLive);
  }

  /** The server says it where it knows; a stranger's device knows by itself, and of what was watched here before anybody. */
  private offerNews(): void {
    const news = document.getElementById("note-news");
    if (!news) return;
    if (this.looked === null) {
      news.hidden = true;
      return;
    }
    const comparison = path(this.key, "history", this.article.dataset["version"] ?? "");
    news.querySelector("a")?.setAttribute("href", `${comparison}?with=${this.looked}`);
    news.hidden = false;
  }

  receive(data: unknown): void {
    const event = data as NoteEvent;
    if (!this.seen.isNew(event.id)) return;
    switch (event.type) {
      case "note.updated":
        if (event.note.html === null) this.renewal.want();
        else this.show({ ...event.note, html: event.note.html }, event.by);
        break;
      case "note.deleted":
        this.gone(event.note.title, event.by);
        break;
      case "comment.created":
        this.conversation.add(event.comment, event.comments);
        if (isOther(event.by)) announce(this.key, `${event.by.name} ${isBack(event.comment) ? "restored a comment" : "commented"}`);
        break;
      case "comment.updated":
        this.conversation.change(event.comment, event.comments);
        if (isOther(event.by)) announce(this.key, `${event.by.name} changed a comment`);
        break;
      case "comment.deleted":
        this.conversation.remove(event.comment.id, event.comments, event.comment.version);
        break;
    }
  }

  /** One at a time: who asks meanwhile gets the same answer. */
  reload(): Promise<Position> {
    this.loading ??= this.load().finally(() => (this.loading = null));
    return this.loading;
  }

  private async load(): Promise<Position> {
    this.conversation.asked();
    try {
      const found = await getJson<State>(this.article.dataset["state"] ?? "");
      const comments = await this.conversation.grown(found.comments);
      if (found.note.created_at !== this.article.dataset["created"]) this.gone(title().textContent ?? "", null);
      else this.put(found.note, comments);
      return found.position;
    } catch (error) {
      this.conversation.unanswered();
      if (error instanceof Failed && (error.status === 404 || error.status === 410)) {
        this.gone(title().textContent ?? "", error.problem.by ?? null);
      }
      throw error;
    }
  }

  private put(note: State["note"], comments: Page): void {
    this.show(note, note.editor);
    this.conversation.reset(comments);
    if (this.isGone) this.isBack();
  }

  private show(text: Text, by: Person): void {
    if (text.version <= Number(this.article.dataset["version"])) return;
    this.article.dataset["version"] = String(text.version);
    for (const input of document.querySelectorAll<HTMLInputElement>('#delete-form input[name="version"]')) {
      input.value = String(text.version);
    }
    if (title().textContent !== text.title) title().textContent = text.title;
    document.title = `${text.title} · Notes`;
    patch(body(), text.html, isOther(by));
    this.sign(text, by);
    this.offerNews();
    this.look(true);
  }

  private sign(text: Text, by: Person): void {
    const edited = document.getElementById("note-edited") as HTMLElement;
    edited.hidden = false;
    (document.getElementById("note-editor") as HTMLElement).textContent = by.name;
    const time = edited.querySelector("time") as HTMLTimeElement;
    time.dateTime = text.updated_at;
    clarify(time);
    const counted = document.getElementById("note-lines") as HTMLElement;
    counted.textContent = ` · ${lines(text.changed_lines ?? 0)}`;
    counted.hidden = !text.changed_lines;
    document.getElementById("note-compare")?.setAttribute("href", path(this.key, "history", String(text.version)));
    if (!isOther(by)) return;
    const changed = document.getElementById("note-changed") as HTMLElement;
    changed.textContent = `Updated by ${by.name} just now`;
    changed.hidden = false;
    clearTimeout(this.fading);
    this.fading = setTimeout(() => (changed.hidden = true), 10_000);
    announce(this.key, `${by.name} updated “${text.title}”`);
  }

  private fading: ReturnType<typeof setTimeout> | undefined;

  private gone(title: string, by: Person | null): void {
    if (this.leaving) return;
    const mayUndo = currentUser.writes && by !== null && (!isOther(by) || may({ id: this.article.dataset["author"] ?? "" }));
    const text = by ? `“${title}” was deleted by ${isOther(by) ? by.name : "you"}.` : `“${title}” was deleted.`;
    if (hasTyped()) return this.stay(text, mayUndo);
    this.leaving = true;
    toastLater({ text, undo: mayUndo ? this.key : null });
    jump(() => location.replace("/"));
  }

  /** Somebody is writing here: nothing leads away by itself, nor on to what is not there. */
  private stay(text: string, mayUndo: boolean): void {
    this.isGone = true;
    this.offerActions(false);
    const undo = document.getElementById("note-undo");
    if (undo) undo.hidden = !mayUndo;
    tell("note-gone", `${text} ${keepsNothing ? "Copy what you write here." : "What you write here is kept on this device."}`);
    // The notice takes room: what is being written stays in view.
    document.activeElement?.scrollIntoView({ block: "nearest" });
  }

  private isBack(): void {
    this.isGone = false;
    this.offerActions(true);
    const notice = document.getElementById("note-gone");
    if (notice) notice.hidden = true;
  }

  private offerActions(offered: boolean): void {
    for (const each of document.querySelectorAll<HTMLElement>(".note-actions")) each.hidden = !offered;
  }

  /** One's own note goes at once, with Undo; another's is asked about first. */
  private upgradeDelete(): void {
    const form = document.getElementById("delete-form") as HTMLFormElement | null;
    form?.addEventListener("unsent", () => (this.leaving = false));
    document.getElementById("delete-link")?.addEventListener("click", (event) => {
      if (!form || this.article.dataset["author"] !== currentUser.id) return;
      event.preventDefault();
      this.leaving = true;
      form.requestSubmit();
    });
  }
}

function body(): HTMLElement {
  return document.getElementById("note-body") as HTMLElement;
}

/** One that nobody said just now. */
function isBack(said: Comment): boolean {
  return said.version !== undefined;
}

function title(): HTMLElement {
  return document.getElementById("note-title") as HTMLElement;
}

const article = document.getElementById("note");
if (article) {
  const channels: Channel[] = [new OpenNote(article)];
  const list = document.getElementById("notes");
  const wide = matchMedia("(min-width: 960px)");
  if (list && wide.matches) channels.push(new List(list));
  const live = new Live(channels);
  const present = document.getElementById("present") as HTMLDetailsElement | null;
  if (present) new PresenceLine(present, article.dataset["key"] ?? "");
  // A phone that is turned: the list beside the note wakes up.
  if (list && !wide.matches) wide.addEventListener("change", () => live.add(new List(list)), { once: true });
}
