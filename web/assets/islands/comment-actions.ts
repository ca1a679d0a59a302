// What one does to a comment where it stands: deleting it, changing one's own.

import { edit } from "./comment-edit.js";
import type { Comment } from "./core/events.js";
import { currentUser } from "./dom/current-user.js";
import { toast } from "./dom/feedback.js";
import { path } from "./dom/fill.js";
import { dropSaid, hasKept } from "./dom/kept-field.js";
import { postUntilAnswered, Unanswered } from "./dom/repeating.js";
import { Failed } from "./dom/request.js";

export interface Effects {
  removed: (id: number) => void;
  restored: (said: Comment) => void;
  changed: (said: Comment) => void;
}

export class CommentActions {
  constructor(
    private readonly list: HTMLElement,
    private readonly key: string,
    private readonly effects: Effects,
  ) {
    list.addEventListener("click", (event) => this.press(event));
    if (!currentUser.writes) return;
    const said = document.getElementById(location.hash.slice(1))?.dataset["source"];
    if (said !== undefined) dropSaid(key, said);
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

  private async bringBack(id: string): Promise<void> {
    try {
      const said = await postUntilAnswered<Comment>(path(this.key, "comments", id, "restore"), new FormData(), () => {});
      if (said) this.effects.restored(said);
    } catch (error) {
      const isLate = error instanceof Failed && error.status === 404;
      if (isLate) toast({ text: "This comment cannot be restored any more.", tone: "error" });
      else toast({ text: "The comment could not be restored. Try again.", tone: "error", onUndo: () => void this.bringBack(id) });
    }
  }

  /** It is asked about first, and can be undone. */
  private async takeBack(link: HTMLAnchorElement, item: HTMLElement): Promise<void> {
    if (!(await isSure(item.querySelector('[data-field="text"]')?.textContent ?? ""))) return;
    try {
      await postUntilAnswered(link.href, new FormData(), () => {});
      const id = item.dataset["comment"] ?? "";
      if (item.isConnected) this.effects.removed(Number(id));
      toast({ text: "The comment was deleted.", onUndo: () => void this.bringBack(id) });
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
