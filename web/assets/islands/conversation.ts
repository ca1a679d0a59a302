// Comments under a note: they come and go live, and are sent without leaving the page.

import { CommentDrafts } from "./core/comment-drafts.js";
import type { Comment } from "./core/events.js";
import { tint, toast } from "./dom/feedback.js";
import { commentItem } from "./dom/fill.js";
import { isOther, may, reader } from "./dom/reader.js";
import { postUntilAnswered, Unanswered } from "./dom/repeating.js";
import { Failed, freshOnce, getJson } from "./dom/request.js";

const DRAFT_PAUSE_MS = 400;

export interface Page {
  comments: Comment[];
  earlier: string | null;
  total: number;
}

export class Conversation {
  private readonly list = document.getElementById("comment-list") as HTMLElement;
  private readonly form = document.getElementById("comment-form") as HTMLFormElement | null;
  private readonly earlier = document.getElementById("earlier");
  /** An earlier page of comments stands still. */
  private readonly isNewest = !new URLSearchParams(location.search).has("before");

  private readonly drafts: CommentDrafts;
  private kept: string | null = null;

  constructor(private readonly key: string) {
    this.drafts = new CommentDrafts(localStorage, reader.id, key);
    this.keepUnsaid();
    this.form?.addEventListener("submit", (event) => void this.send(event));
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

  private async send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = this.form as HTMLFormElement;
    const button = form.querySelector("button") as HTMLButtonElement;
    if (button.disabled) return;
    button.disabled = true;
    const { text, once } = this.fields();
    const sent = text.value;
    this.keep();
    try {
      const made = await postUntilAnswered<Comment>(form.action, new FormData(form), (sent) => this.waits(sent));
      // What was typed while it was on its way is the next one's beginning.
      text.value = text.value.startsWith(sent) ? text.value.slice(sent.length) : text.value;
      once.value = freshOnce();
      this.keep();
      this.complain("");
      if (made) this.add(made, this.total() + (document.getElementById(`comment-${made.id}`) ? 0 : 1));
      text.focus();
    } catch (error) {
      this.refused(error, form);
    } finally {
      button.disabled = false;
    }
  }

  private refused(error: unknown, form: HTMLFormElement): void {
    const status = error instanceof Failed ? error.status : 0;
    // Signed out or a page out of date: the server's own pages carry the text on.
    if (status === 401 || status === 403) return form.submit();
    if (status === 422) return this.complain("A comment has between 1 and 4000 characters.");
    const unknown = error instanceof Unanswered && error.sent;
    const away = error instanceof Unanswered ? "The server cannot be reached" : "It could not be sent";
    const why = unknown ? "No answer, so perhaps it was not sent" : away;
    this.complain(`${why}. Your comment is kept on this device: try again${unknown ? ", it is never said twice" : ""}.`);
  }

  private waits(sent: boolean): void {
    const line = document.getElementById("text-error");
    if (!line) return;
    line.textContent = sent ? "No answer yet, trying again…" : "The server cannot be reached, trying again…";
    line.hidden = false;
  }

  /** What was typed outlives this window; one that came back from the server is newer. */
  private keepUnsaid(): void {
    if (!this.form) return;
    const { text, once } = this.fields();
    const unsaid = this.isSaid() ? null : this.drafts.read();
    this.kept = unsaid?.text ?? null;
    if (unsaid && text.value === "") [text.value, once.value] = [unsaid.text, unsaid.once];
    let timer: ReturnType<typeof setTimeout> | undefined;
    text.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.keep(), DRAFT_PAUSE_MS);
    });
    addEventListener("pagehide", () => this.keep());
  }

  /** The server's own pages carried the comment on, and it stands here now. */
  private isSaid(): boolean {
    const said = document.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"] [data-field="text"]`);
    return said !== null && said.textContent === this.drafts.read()?.text.trim();
  }

  private keep(): void {
    const { text, once } = this.fields();
    // Another window may have kept something while this one had nothing to say.
    if (text.value === (this.kept ?? "")) return;
    this.kept = text.value;
    this.drafts.write({ text: text.value, once: once.value });
  }

  private fields(): { text: HTMLTextAreaElement; once: HTMLInputElement } {
    const named = (name: string) => this.form?.elements.namedItem(name) as HTMLElement;
    return { text: named("text") as HTMLTextAreaElement, once: named("once") as HTMLInputElement };
  }

  private complain(sentence: string): void {
    const line = document.getElementById("text-error");
    const text = document.getElementById("text");
    if (line) line.textContent = sentence;
    if (line) line.hidden = sentence === "";
    if (sentence) text?.setAttribute("aria-describedby", "text-error");
    text?.setAttribute("aria-invalid", String(sentence !== ""));
    if (sentence) text?.focus();
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
