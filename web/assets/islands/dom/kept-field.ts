// A field that changes a comment: what is typed outlives the window under the comment's name, until it is what the
// comment says, or is dropped.

import { CommentDrafts } from "../core/comment-drafts.js";
import { currentUser } from "./current-user.js";
import { local } from "./storage.js";

const PAUSE_MS = 400;

export class KeptField {
  private readonly drafts = new CommentDrafts(local, currentUser.id);
  private isDropped = false;

  /** `name` is "<key of the note>:<id of the comment>". What was kept under it takes the field's place. */
  constructor(
    private readonly field: HTMLTextAreaElement,
    private readonly name: string,
    private readonly title: string,
  ) {
    const kept = this.drafts.of(name);
    if (kept) field.value = kept.text;
    let timer: ReturnType<typeof setTimeout> | undefined;
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.keep(), PAUSE_MS);
    });
    addEventListener("pagehide", () => this.keep());
  }

  keep(): void {
    const { name, title } = this;
    const text = this.field.value;
    if (this.isDropped || !this.field.isConnected) return;
    if (text === this.said()) this.drafts.drop(name);
    else this.drafts.write(name, { text, once: "", title, at: new Date().toISOString() });
  }

  drop(): void {
    this.isDropped = true;
    this.drafts.drop(this.name);
  }

  /** What the comment says; the field may hold what the server gave back unsaved. */
  private said(): string {
    return (this.field.form?.elements.namedItem("base") as HTMLInputElement | null)?.value ?? "";
  }
}

/** What was kept for a comment of this note was said as another one: theirs was deleted. */
export function dropSaid(key: string, said: string): void {
  const drafts = new CommentDrafts(local, currentUser.id);
  for (const { note, text } of drafts.all()) {
    if (note.startsWith(`${key}:`) && text.trim() === said) drafts.drop(note);
  }
}

/** Is there something that this person began to say in its place? What stands there already is not. */
export function hasKept(name: string, said: string): boolean {
  const drafts = new CommentDrafts(local, currentUser.id);
  const kept = drafts.of(name);
  if (kept?.text.trim() === said) drafts.drop(name);
  return kept !== null && kept.text.trim() !== said;
}
