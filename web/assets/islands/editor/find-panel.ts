// The panel for finding and replacing: the page's own markup, above the text.

import { announce } from "../dom/feedback.js";
import type { RichField } from "./code/rich-field.js";

export class FindPanel {
  private readonly words = document.getElementById("find-words") as HTMLInputElement;
  private readonly instead = document.getElementById("find-instead") as HTMLInputElement;
  private readonly matchCase = document.getElementById("find-case") as HTMLInputElement;
  private readonly told = document.getElementById("find-count") as HTMLElement;
  private field: RichField | null = null;

  constructor(private readonly panel: HTMLElement) {
    // What is typed here is no part of the note.
    panel.addEventListener("input", (event) => {
      event.stopPropagation();
      this.look();
    });
    panel.addEventListener("keydown", (event) => this.key(event));
    panel.addEventListener("click", (event) => {
      const action = (event.target as Element).closest<HTMLElement>("[data-find]")?.dataset["find"];
      if (action) this.act(action);
    });
  }

  get isOpen(): boolean {
    return !this.panel.hidden;
  }

  open(field: RichField, selected: string): void {
    this.field = field;
    this.panel.hidden = false;
    if (selected && !selected.includes("\n")) this.words.value = selected;
    this.words.focus();
    this.words.select();
    this.look();
  }

  close(): void {
    if (!this.isOpen) return;
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = true;
    this.field?.look({ words: "", matchCase: false });
    if (hadFocus) this.field?.focus();
  }

  step(forward: boolean): void {
    this.field?.step(forward);
    this.tell();
  }

  private look(): void {
    this.field?.look({ words: this.words.value, matchCase: this.matchCase.checked });
    this.tell();
  }

  private act(action: string): void {
    if (action === "next" || action === "previous") this.step(action === "next");
    else if (action === "close") this.close();
    else if (action === "replace") {
      this.field?.replace(this.instead.value);
      this.tell();
    } else if (action === "all") {
      const replaced = this.field?.replaceAll(this.instead.value) ?? 0;
      this.tell();
      this.told.textContent = `${replaced} replaced`;
      announce("found", this.told.textContent);
    }
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.words) this.step(!event.shiftKey);
    else if (event.key === "Enter" && event.target === this.instead) this.act("replace");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private tell(): void {
    const { all, at, isMore } = this.field?.count() ?? { all: 0, at: 0, isMore: false };
    const sum = isMore ? `more than ${all}` : String(all);
    this.told.textContent = this.words.value === "" ? "" : all === 0 ? "Not found" : at > 0 ? `${at} of ${sum}` : `${sum} found`;
    if (this.told.textContent) announce("found", this.told.textContent);
  }
}
