// What one does to a comment where it stands: deleting it, changing one's own.

import { edit } from "./comment-edit.js";
import type { Comment } from "./core/events.js";
import { toast } from "./dom/feedback.js";
import { hasKept } from "./dom/kept-field.js";
import { postUntilAnswered, Unanswered } from "./dom/repeating.js";
import { Failed } from "./dom/request.js";

export interface Effects {
  removed: (id: number) => void;
  changed: (said: Comment) => void;
}

export class CommentActions {
  constructor(
    private readonly list: HTMLElement,
    private readonly key: string,
    private readonly effects: Effects,
  ) {
    list.addEventListener("click", (event) => this.press(event));
    this.reopen();
  }

  /** What somebody began to say in place of a comment stands there again. */
  private reopen(): void {
    for (const item of this.list.querySelectorAll<HTMLElement>("[data-source]")) {
      const { comment = "", source = "" } = item.dataset;
      if (hasKept(`${this.key}:${comment}`, source)) edit(item, this.key, this.effects.changed);
    }
  }

  private press(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>('[data-field="delete"], [data-field="edit"]');
    const plain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    const item = link?.closest<HTMLElement>("[data-comment]");
    if (!link || !item || !plain) return;
    event.preventDefault();
    if (link.dataset["field"] === "delete") return void this.takeBack(link, item);
    edit(item, this.key, this.effects.changed);
    item.querySelector("textarea")?.focus();
  }

  /** A comment has no trash, so it is asked about first. */
  private async takeBack(link: HTMLAnchorElement, item: HTMLElement): Promise<void> {
    if (!(await isSure(item.querySelector('[data-field="text"]')?.textContent ?? ""))) return;
    try {
      await postUntilAnswered(link.href, new FormData(), () => {});
      if (item.isConnected) this.effects.removed(Number(item.dataset["comment"]));
    } catch (error) {
      if (error instanceof Failed && error.status === 404) item.remove();
      else toast({ text: notDeleted(error), tone: "error" });
    }
  }
}

function isSure(text: string): Promise<boolean> {
  const dialog = document.getElementById("comment-sure") as HTMLDialogElement;
  (dialog.querySelector('[data-field="text"]') as HTMLElement).textContent = text;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "delete"), { once: true });
  });
}

function notDeleted(error: unknown): string {
  const unknown = error instanceof Unanswered && error.sent;
  return unknown ? "There was no answer, so the comment may or may not be deleted. Try again." : "The comment could not be deleted. Try again.";
}
