// The field under the comments: what is typed outlives the window, is sent without leaving the page, and is said once.

import { CommentDrafts } from "./core/comment-drafts.js";
import type { Comment } from "./core/events.js";
import { isSend } from "./core/keys.js";
import { currentUser } from "./dom/current-user.js";
import { postUntilAnswered, Unanswered } from "./dom/repeating.js";
import { Failed, freshOnce } from "./dom/request.js";
import { local } from "./dom/storage.js";

const DRAFT_PAUSE_MS = 400;

export class CommentForm {
  private readonly drafts = new CommentDrafts(local, currentUser.id);
  private readonly text: HTMLTextAreaElement;
  private readonly once: HTMLInputElement;
  private kept: string | null = null;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly key: string,
    private readonly said: (made: Comment) => void,
  ) {
    this.text = form.elements.namedItem("text") as HTMLTextAreaElement;
    this.once = form.elements.namedItem("once") as HTMLInputElement;
    this.keepUnsaid();
    form.addEventListener("submit", (event) => void this.send(event));
    this.text.addEventListener("keydown", (event) => {
      if (!isSend(event) || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    if (location.hash === "#text") this.text.focus();
  }

  private async send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const { form, text } = this;
    const button = form.querySelector("button") as HTMLButtonElement;
    if (button.disabled) return;
    button.disabled = true;
    const sent = text.value;
    this.keep();
    try {
      const made = await postUntilAnswered<Comment>(form.action, new FormData(form), (sent) => this.waits(sent));
      // What was typed while it was on its way is the next one's beginning.
      text.value = text.value.startsWith(sent) ? text.value.slice(sent.length) : text.value;
      this.once.value = freshOnce();
      this.keep();
      this.complain("");
      if (made) this.said(made);
      text.focus();
    } catch (error) {
      this.refused(error);
    } finally {
      button.disabled = false;
    }
  }

  private refused(error: unknown): void {
    const status = error instanceof Failed ? error.status : 0;
    // Signed out, a page out of date, too much in a day: the server's own pages say so and carry the text on.
    if (status === 401 || status === 403 || status === 429) return this.form.submit();
    if (status === 404 || status === 410) {
      return this.complain("This note was deleted, so your comment was not posted. It is kept on this device.");
    }
    if (status === 422) return this.complain("A comment must have visible text, at most 4000 characters.");
    const unknown = error instanceof Unanswered && error.sent;
    const away = error instanceof Unanswered ? "The server cannot be reached" : "It could not be sent";
    const why = unknown ? "There was no answer, so it may not have been posted" : away;
    this.complain(`${why}. Your comment is kept on this device: try again${unknown ? ", it is never posted twice" : ""}.`);
  }

  private waits(sent: boolean): void {
    const line = document.getElementById("text-error");
    if (!line) return;
    line.textContent = sent ? "No answer yet, trying again…" : "The server cannot be reached, trying again…";
    line.hidden = false;
  }

  /** What was typed outlives this window; one that came back from the server is newer. */
  private keepUnsaid(): void {
    const { text, once } = this;
    const unsaid = this.isSaid() ? null : this.drafts.of(this.key);
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
    const said = document.getElementById(location.hash.slice(1))?.dataset["source"];
    return said !== undefined && said === this.drafts.of(this.key)?.text.trim();
  }

  private keep(): void {
    const { text, once } = this;
    // Another window may have kept something while this one had nothing to say.
    if (text.value === (this.kept ?? "")) return;
    this.kept = text.value;
    const title = document.getElementById("note-title")?.textContent ?? "";
    this.drafts.write(this.key, { text: text.value, once: once.value, title, at: new Date().toISOString() });
  }

  private complain(sentence: string): void {
    const line = document.getElementById("text-error");
    if (line) line.textContent = sentence;
    if (line) line.hidden = sentence === "";
    if (sentence) this.text.setAttribute("aria-describedby", "text-error");
    this.text.setAttribute("aria-invalid", String(sentence !== ""));
    if (sentence) this.text.focus();
  }
}
