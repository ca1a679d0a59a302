// Comments under a note: they come and go live.

import { CommentForm } from "./comment-form.js";
import type { Comment } from "./core/events.js";
import { tint, toast } from "./dom/feedback.js";
import { commentItem } from "./dom/fill.js";
import { isOther, may } from "./dom/reader.js";
import { postUntilAnswered } from "./dom/repeating.js";
import { Failed, getJson } from "./dom/request.js";

export interface Page {
  comments: Comment[];
  earlier: string | null;
  total: number;
}

export class Conversation {
  private readonly list = document.getElementById("comment-list") as HTMLElement;
  private readonly earlier = document.getElementById("earlier");
  /** An earlier page of comments stands still. */
  private readonly isNewest = !new URLSearchParams(location.search).has("before");

  constructor(private readonly key: string) {
    const form = document.getElementById("comment-form") as HTMLFormElement | null;
    if (form) new CommentForm(form, key, (made) => this.said(made));
    this.list.addEventListener("submit", (event) => void this.takeBack(event));
    this.earlier?.addEventListener("click", (event) => void this.more(event));
  }

  add(said: Comment, total: number): void {
    this.count(total);
    if (!this.isNewest || document.getElementById(`comment-${said.id}`)) return;
    const item = commentItem(said, this.key, may(said.author));
    this.list.append(item);
    if (isOther(said.author)) tint(item);
    this.count(total);
  }

  remove(id: number, total: number): void {
    document.getElementById(`comment-${id}`)?.remove();
    this.count(total);
  }

  /** What the server has now; comments loaded earlier than its page stay. */
  reset(page: Page): void {
    if (!this.isNewest) return this.count(page.total);
    const first = page.comments[0]?.id ?? Infinity;
    const now = new Set(page.comments.map((said) => said.id));
    for (const item of [...this.list.querySelectorAll<HTMLElement>("[data-comment]")]) {
      const id = Number(item.dataset["comment"]);
      if (!now.has(id) && (id > first || page.earlier === null)) item.remove();
    }
    for (const said of page.comments) this.add(said, page.total);
    this.count(page.total);
  }

  private count(total: number): void {
    const badge = document.getElementById("comments-count");
    if (badge) badge.textContent = String(total);
    if (badge) badge.hidden = total === 0;
    const nobody = document.getElementById("no-comments");
    if (nobody) nobody.hidden = this.list.children.length > 0;
    const hidden = total - this.list.children.length;
    if (this.earlier && this.isNewest) {
      this.earlier.hidden = hidden <= 0;
      this.earlier.textContent = hidden === 1 ? "1 earlier comment" : `${hidden} earlier comments`;
    }
  }

  private said(made: Comment): void {
    this.add(made, this.total() + (document.getElementById(`comment-${made.id}`) ? 0 : 1));
  }

  private async takeBack(event: SubmitEvent): Promise<void> {
    const form = event.target as HTMLFormElement;
    event.preventDefault();
    const item = form.closest<HTMLElement>("[data-comment]");
    try {
      await postUntilAnswered(form.action, new FormData(form), () => {});
      const shown = item?.isConnected;
      if (shown) this.remove(Number(item?.dataset["comment"]), this.total() - 1);
    } catch (error) {
      if (error instanceof Failed && error.status === 404) item?.remove();
      else toast({ text: "The comment could not be deleted. Try again.", tone: "error" });
    }
  }

  private async more(event: Event): Promise<void> {
    event.preventDefault();
    const link = this.earlier as HTMLAnchorElement;
    const before = new URL(link.href).searchParams.get("before") ?? "";
    try {
      const url = `/live/notes/${encodeURIComponent(this.key)}/comments?before=${encodeURIComponent(before)}`;
      const page = await getJson<Page>(url);
      const items = page.comments.map((said) => commentItem(said, this.key, may(said.author)));
      this.list.prepend(...items);
      if (page.earlier) link.search = `?before=${encodeURIComponent(page.earlier)}`;
      else link.hidden = true;
      if (page.earlier) this.count(page.total);
      items[0]?.scrollIntoView({ block: "nearest" });
    } catch {
      location.assign(link.href);
    }
  }

  private total(): number {
    return Number(document.getElementById("comments-count")?.textContent ?? 0);
  }
}
