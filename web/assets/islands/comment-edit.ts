// One's own comment is changed where it stands: Ctrl+Enter saves, Escape goes back to what it says. What was typed is
// kept on this device until it is saved or discarded.

import type { Comment } from "./core/events.js";
import { isSend } from "./core/keys.js";
import { count } from "./dom/counting.js";
import { clone, part, path } from "./dom/fill.js";
import { KeptField } from "./dom/kept-field.js";
import { postUntilAnswered, Unanswered } from "./dom/repeating.js";
import { Failed, freshOnce } from "./dom/request.js";

const GONE = "This comment was deleted. What you wrote stays here: copy it.";
const open = new WeakMap<HTMLElement, CommentEdit>();

/** Nothing if the item is being changed already. */
export function edit(item: HTMLElement, key: string, changed: (said: Comment) => void): void {
  if (!open.has(item)) open.set(item, new CommentEdit(item, key, changed));
}

/** Somebody writes in its place: it stays until they are done. */
export function isHeld(item: HTMLElement): boolean {
  return open.has(item);
}

/** The comment was deleted, or is there after all: whoever writes in its place is told. */
export function tellGone(item: HTMLElement, isGone: boolean): void {
  if (isGone) open.get(item)?.gone();
  else open.get(item)?.back();
}

class CommentEdit {
  private readonly form = clone("comment-edit-template") as HTMLFormElement;
  private readonly text = part<HTMLTextAreaElement>(this.form, "typed");
  private readonly line = part(this.form, "error");
  private readonly kept: KeptField;
  private isGone = false;

  constructor(
    private readonly item: HTMLElement,
    key: string,
    private readonly changed: (said: Comment) => void,
  ) {
    const { form, text, line } = this;
    const { comment: id = "", source = "", version = "1" } = item.dataset;
    form.action = path(key, "comments", id, "edit");
    [text.id, line.id] = [`edit-${id}`, `edit-${id}-error`];
    text.value = source;
    this.kept = new KeptField(text, `${key}:${id}`, document.getElementById("note-title")?.textContent ?? "");
    this.begin({ text: source, version: Number(version) });
    text.addEventListener("input", () => count(text));
    form.addEventListener("submit", (event) => void this.save(event));
    form.addEventListener("keydown", (event) => this.press(event));
    part(form, "discard").addEventListener("click", () => this.close(true));
    this.show(true);
  }

  gone(): void {
    this.isGone = true;
    this.complain(GONE);
  }

  back(): void {
    if (!this.isGone) return;
    this.isGone = false;
    part<HTMLButtonElement>(this.form, "save").disabled = false;
    this.complain("");
  }

  private press(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") this.close(false);
    else if (isSend(event)) this.form.requestSubmit();
    else return;
    event.preventDefault();
  }

  private async save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const button = part<HTMLButtonElement>(this.form, "save");
    if (button.disabled) return;
    button.disabled = true;
    this.kept.keep();
    const sent = this.text.value;
    try {
      const wait = () => this.complain("No answer yet, trying again…");
      const made = await postUntilAnswered<Comment>(this.form.action, new FormData(this.form), wait);
      if (made) this.changed(made);
      if (this.text.value === sent) this.close(true);
      else if (made) this.goOn(made);
    } catch (error) {
      this.refused(error);
    } finally {
      button.disabled = this.isGone;
    }
  }

  /** What was typed while it was on its way is the next change. */
  private goOn(made: Comment): void {
    this.begin(made);
    this.complain("");
    this.kept.keep();
  }

  private refused(error: unknown): void {
    const status = error instanceof Failed ? error.status : 0;
    const current = error instanceof Failed ? error.problem.comment : undefined;
    if (current) {
      // Another window was quicker: this person has seen its text now.
      this.set("version", String(current.version ?? 1));
      this.set("base", current.text);
      this.changed(current);
      return this.complain(`It was changed in another window, and reads now: “${current.text}”. Save again to replace that.`);
    }
    // Signed out, a page out of date, too much in a day: the server's own pages say so and carry the text on.
    if (status === 401 || status === 403 || status === 429) return this.form.submit();
    if (status === 404 || status === 410) return this.gone();
    if (status === 422) return this.complain("A comment must have visible text, at most 4000 characters.");
    const unknown = error instanceof Unanswered && error.sent;
    const why = unknown ? "There was no answer, so it may not have been saved" : "It could not be saved";
    this.complain(`${why}. What you wrote is kept on this device: try again.`);
  }

  private close(isDone: boolean): void {
    if (isDone) this.kept.drop();
    else this.kept.keep();
    // It was left while it was being sent, and opened again.
    if (open.get(this.item) !== this) return;
    open.delete(this.item);
    this.show(false);
    if (this.isGone) this.item.remove();
    else part(this.item, "edit").focus();
  }

  private show(shown: boolean): void {
    const { item, form } = this;
    part(item, "text").hidden = shown;
    part(item, "actions").hidden = shown;
    if (shown) part(item, "text").after(form);
    else form.remove();
    count(this.text);
  }

  private complain(sentence: string): void {
    this.line.textContent = sentence;
    this.line.hidden = sentence === "";
    this.text.setAttribute("aria-describedby", this.line.id);
  }

  /** The next save replaces this, and is none of the earlier ones. */
  private begin(said: Pick<Comment, "text" | "version">): void {
    this.set("version", String(said.version ?? 1));
    this.set("base", said.text);
    this.set("once", freshOnce());
  }

  private set(name: string, value: string): void {
    (this.form.elements.namedItem(name) as HTMLInputElement).value = value;
  }
}
