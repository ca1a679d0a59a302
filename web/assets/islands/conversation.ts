// Comments under a note: they come and go live.
//
// Promise: what stands here is one run of the note's comments without a gap. What is loaded anew adjoins it or takes its
// place, what arrives meanwhile is kept, and however much is said, the page holds a bounded part of it: the newest, or
// what somebody is reading, with the number of what is earlier and later.

import { CommentActions } from "./comment-actions.js";
import { isHeld, tellGone } from "./comment-edit.js";
import { CommentForm } from "./comment-form.js";
import type { Comment } from "./core/events.js";
import { commentItem, fillComment } from "./dom/comment-item.js";
import { tint } from "./dom/feedback.js";
import { isOther, may } from "./dom/current-user.js";
import { getJson } from "./dom/request.js";
import { steadily } from "./dom/steady.js";

/** As many stand in the page; beyond it the newest are loaded anew, or wait while somebody reads earlier ones. */
const MOST = 200;
const A_PAGE = 50;
const COUNTED = 1_000;

export interface Page {
  comments: Comment[];
  earlier: string | null;
  total: number;
}

export class Conversation {
  private readonly list = document.getElementById("comment-list") as HTMLElement;
  private readonly earlier = document.getElementById("earlier") as HTMLAnchorElement;
  private readonly later = document.getElementById("later") as HTMLButtonElement;
  /** An earlier page of comments stands still. */
  private readonly isNewest = !new URLSearchParams(location.search).has("before");
  /** Said since the server was asked for its comments; null while it is not. */
  private arrived: Comment[] | null = null;
  /** Changed since then. */
  private changed: Comment[] | null = null;
  /** Taken back lately, at which version: no answer that was on its way brings them back, but a later version does. */
  private readonly removed = new Map<number, number>();
  /** Said, and not shown while somebody reads earlier ones. */
  private readonly waiting = new Set<number>();
  /** Wanted are the newest alone. */
  private shrinks = false;
  private total = Number(document.getElementById("comments-count")?.textContent ?? 0);

  /** `renew`: load the note's state anew, and `reset` with it. */
  constructor(
    private readonly key: string,
    private readonly renew: () => void,
  ) {
    const form = document.getElementById("comment-form") as HTMLFormElement | null;
    if (form) new CommentForm(form, key, (made) => this.said(made));
    new CommentActions(this.list, key, {
      removed: (id) => this.remove(id, this.total - 1),
      restored: (said) => this.said(said),
      changed: (said) => this.change(said, this.total),
    });
    this.earlier.addEventListener("click", (event) => void this.more(event));
    this.later.addEventListener("click", () => this.shrink());
  }

  add(said: Comment, total: number): void {
    this.arrived?.push(said);
    this.take(said);
    this.count(total);
  }

  /** It reads otherwise; one that is not shown is loaded as it then reads. */
  change(said: Comment, total: number): void {
    this.changed?.push(said);
    const item = this.item(said.id);
    if (item && this.refresh(item, said) && isOther(said.author)) tint(item);
    this.count(total);
  }

  /** `version`: what it was at; unknown where the release before says so. */
  remove(id: number, total: number, version = 1): void {
    this.forget(id, Math.max(version, Number(this.item(id)?.dataset["version"] ?? 1)));
    this.count(total);
  }

  /** The server is asked for its comments: what arrives from now on may be missing in them. */
  asked(): void {
    [this.arrived, this.changed] = [[], []];
  }

  /** They did not come. */
  unanswered(): void {
    this.arrived = this.changed = null;
  }

  /** The server's newest comments with as much before them as is shown now, where the one adjoins the other. */
  async grown(newest: Page): Promise<Page> {
    const shown = new Set(this.items().map(idOf));
    const adjoins = newest.comments.some((said) => shown.has(said.id));
    const oldest = adjoins && this.isNewest && !this.shrinks ? Math.min(...shown) : Infinity;
    let page = newest;
    while (page.earlier !== null && oldest < (page.comments[0]?.id ?? 0) && page.comments.length < MOST) {
      const more = await this.fetch(page.earlier);
      page = { ...page, comments: [...more.comments, ...page.comments], earlier: more.earlier };
    }
    return page;
  }

  /** What the server has takes the place of what is here, with what arrived since it was asked. */
  reset(page: Page): void {
    const [arrived, changed] = [this.arrived ?? [], this.changed ?? []];
    this.arrived = this.changed = null;
    this.waiting.clear();
    this.shrinks = false;
    steadily(this.list, () => this.put(page.comments));
    for (const said of arrived) this.take(said);
    for (const said of changed) this.change(said, this.total);
    this.follow(page.earlier);
    // The server counted what it had, whether or not its page holds it.
    const newest = page.comments.at(-1)?.id ?? 0;
    this.count(page.total + arrived.filter(({ id }) => id > newest).length);
  }

  private put(comments: Comment[]): void {
    const wanted = comments.filter((said) => !this.isRemoved(said));
    const ids = new Set(wanted.map(({ id }) => id));
    for (const item of this.items()) if (!ids.has(idOf(item)) && !isHeld(item)) item.remove();
    // What somebody is changing stays in its place, though it is earlier than these, or gone.
    const held = this.items().filter((item) => !ids.has(idOf(item)));
    let place = this.list.firstElementChild;
    for (const said of wanted) {
      while (held[0] && idOf(held[0]) < said.id) place = held.shift()?.nextElementSibling ?? null;
      const shown = this.item(said.id);
      if (shown) this.refresh(shown, said);
      const item = shown ?? this.made(said);
      if (item === place) place = place.nextElementSibling;
      else this.list.insertBefore(item, place);
    }
  }

  /** It reads otherwise, or was restored. False if it shows this or a later version already. */
  private refresh(item: HTMLElement, said: Comment): boolean {
    if (this.isRemoved(said) || !fillComment(item, said)) return false;
    tellGone(item, false);
    return true;
  }

  /** In the order of the server's numbers: an answer may be here before the news of what was said earlier. */
  private take(said: Comment): void {
    const shown = this.item(said.id);
    if (shown) this.refresh(shown, said);
    if (shown || !this.isNewest || this.isRemoved(said)) return;
    const [items, isFull] = [this.items(), this.list.children.length >= MOST];
    // Before the run that stands here: one of the earlier comments, told late.
    if (said.id < (items[0] ? idOf(items[0]) : 0) && this.earlier.hasAttribute("href")) return;
    if (this.waiting.size > 0 || (isFull && this.isRead()) || items.length >= 2 * MOST) {
      if (this.waiting.size < COUNTED) this.waiting.add(said.id);
      return;
    }
    steadily(this.list, () => this.list.insertBefore(this.made(said), this.after(said.id)));
    if (isFull && !this.shrinks) this.shrink();
  }

  private shrink(): void {
    this.shrinks = true;
    this.renew();
  }

  /** Are there, in view, comments that would go if the newest were loaded anew? */
  private isRead(): boolean {
    const [first, staying] = [this.list.firstElementChild, this.list.children[this.list.children.length - A_PAGE]];
    if (!first || !staying) return false;
    return first.getBoundingClientRect().top < innerHeight && staying.getBoundingClientRect().top > 0;
  }

  private made(said: Comment): HTMLElement {
    const item = commentItem(said, this.key, may(said.author));
    if (isOther(said.author)) tint(item);
    return item;
  }

  private isRemoved({ id, version = 1 }: Comment): boolean {
    return version <= (this.removed.get(id) ?? 0);
  }

  private forget(id: number, version: number): void {
    this.removed.set(id, version);
    if (this.removed.size > COUNTED) this.removed.delete(this.removed.keys().next().value as number);
    this.waiting.delete(id);
    const item = this.item(id);
    if (item && isHeld(item)) tellGone(item, true);
    else if (item) steadily(this.list, () => item.remove());
  }

  private items(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>(":scope > [data-comment]")];
  }

  private after(id: number): HTMLElement | null {
    return this.items().find((item) => idOf(item) > id) ?? null;
  }

  private item(id: number): HTMLElement | null {
    return document.getElementById(`comment-${id}`);
  }

  private follow(cursor: string | null): void {
    if (cursor === null) this.earlier.removeAttribute("href");
    else this.earlier.href = `${location.pathname}?before=${encodeURIComponent(cursor)}#comments`;
  }

  private count(total: number): void {
    this.total = total;
    const badge = document.getElementById("comments-count");
    if (badge) badge.textContent = String(total);
    if (badge) badge.hidden = total === 0;
    const nobody = document.getElementById("no-comments");
    if (nobody) nobody.hidden = this.list.children.length > 0;
    const { size } = this.waiting;
    this.later.hidden = size === 0;
    this.later.textContent = size === 1 ? "1 newer comment" : `${size}${size < COUNTED ? "" : "+"} newer comments`;
    const hidden = total - this.list.children.length - size;
    this.earlier.hidden = !this.earlier.hasAttribute("href") || (this.isNewest && hidden <= 0);
    if (this.isNewest) this.earlier.textContent = hidden === 1 ? "1 earlier comment" : `${hidden} earlier comments`;
  }

  private said(made: Comment): void {
    const isNews = !this.item(made.id) && !this.waiting.has(made.id);
    if (this.waiting.size > 0) this.shrink();
    else this.take(made);
    this.count(this.total + (isNews ? 1 : 0));
  }

  private async more(event: Event): Promise<void> {
    event.preventDefault();
    const { href } = this.earlier;
    try {
      const page = await this.fetch(new URL(href).searchParams.get("before") ?? "");
      // What was loaded anew meanwhile has another place before it.
      if (this.earlier.href !== href) return;
      const found = page.comments.filter((said) => !this.isRemoved(said) && !this.item(said.id));
      const items = found.map((said) => commentItem(said, this.key, may(said.author)));
      for (const item of items) this.list.insertBefore(item, this.after(idOf(item)));
      this.follow(page.earlier);
      this.count(page.total);
      items[0]?.scrollIntoView({ block: "nearest" });
    } catch {
      location.assign(href);
    }
  }

  private fetch(before: string): Promise<Page> {
    return getJson<Page>(`/live/notes/${encodeURIComponent(this.key)}/comments?before=${encodeURIComponent(before)}`);
  }
}

function idOf(item: HTMLElement): number {
  return Number(item.dataset["comment"]);
}
