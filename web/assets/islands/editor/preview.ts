// What the text will look like, from the server: beside the text where there is room, else behind a tab. It follows
// when the writer rests, with one request at a time.

import { nodesOf } from "../dom/html.js";
import { Failed, postForm } from "../dom/request.js";
import { local, remember } from "../dom/storage.js";
import { Pace } from "./pace.js";
import type { WritingForm } from "./writing-form.js";

const KEPT = "notes:preview";

export class Preview {
  private readonly section = document.getElementById("preview") as HTMLElement;
  private readonly body = document.getElementById("preview-body") as HTMLElement;
  private readonly told = document.getElementById("preview-told") as HTMLElement;
  private readonly writing = document.getElementById("writing") as HTMLElement;
  private readonly tabs = [...document.querySelectorAll<HTMLElement>("#writing-tabs [role=tab]")];
  private readonly wide = matchMedia("(min-width: 1000px)");
  private readonly pace = new Pace();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isLoading = false;
  /** Behind its tab. */
  private isChosen = false;
  /** Where there is room for it; what is kept of that may be nothing. */
  private isBeside = local.getItem(KEPT) !== "hidden";
  /** The text that is shown. */
  private shown: string | null = null;
  /** The text of which no preview is made, however often it is asked for. */
  private refused: string | null = null;

  /** It shows another text. */
  drawn: () => void = () => {};

  /** `signedOut`: a preview that the person asked for needs a log-in. */
  constructor(
    private readonly form: WritingForm,
    private readonly signedOut: () => void,
  ) {
    form.element.addEventListener("submit", (event) => {
      if ((event.submitter as HTMLButtonElement | null)?.value !== "preview") return;
      event.preventDefault();
      this.choose(true);
      void this.load(true);
      this.section.scrollIntoView({ block: "nearest" });
    });
    form.element.addEventListener("input", () => this.want());
    document.addEventListener("visibilitychange", () => this.want());
    // What is wrong with the text is told where the text is: before the browser and the field look for it.
    form.element.addEventListener("invalid", (event) => this.reveal(event), true);
    this.wide.addEventListener("change", () => this.lay());
    document.getElementById("preview-hide")?.addEventListener("click", () => this.choose(false));
    for (const tab of this.tabs) tab.addEventListener("click", () => this.choose(tab.id === "tab-preview"));
    document.getElementById("writing-tabs")?.addEventListener("keydown", (event) => this.key(event));
    this.lay();
  }

  /** The pane scrolls to this part of its block; to `share` of the whole, where its blocks are not those of the text. */
  follow({ index, part, count, share: ofWhole }: { index: number; part: number; count: number; share: number }): void {
    if (!this.wide.matches || this.section.hidden) return;
    const block = this.body.children.length === count ? this.body.children[index] : undefined;
    const whole = this.body.getBoundingClientRect();
    const box = block?.getBoundingClientRect() ?? whole;
    const share = block ? part : ofWhole;
    this.section.scrollTop = box.top - whole.top + share * box.height;
  }

  /** Shown, or not: beside the text that is remembered; the tab begins with writing. */
  private choose(shown: boolean): void {
    if (this.wide.matches) {
      this.isBeside = shown;
      remember(local, KEPT, shown ? "shown" : "hidden");
    } else this.isChosen = shown;
    this.refused = null;
    this.show();
  }

  private reveal(event: Event): void {
    if (this.writing.hidden && this.writing.contains(event.target as Node)) this.choose(false);
  }

  private lay(): void {
    const beside = this.wide.matches;
    const main = document.getElementById("main");
    (document.getElementById("writing-tabs") as HTMLElement).hidden = beside;
    if (beside) main?.append(this.section);
    else this.writing.after(this.section);
    for (const [panel, tab, name] of [[this.writing, "tab-write", ""], [this.section, "tab-preview", "preview-title"]] as const) {
      if (beside) panel.removeAttribute("role");
      else panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", beside ? name : tab);
    }
    this.section.classList.toggle("beside", beside);
    this.section.tabIndex = 0;
    this.show();
  }

  private show(): void {
    const beside = this.wide.matches;
    const shown = beside ? this.isBeside : this.isChosen;
    this.section.hidden = !shown;
    this.writing.hidden = shown && !beside;
    document.getElementById("main")?.classList.toggle("with-preview", shown && beside);
    for (const tab of this.tabs) {
      const selected = (tab.id === "tab-preview") === shown;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
    }
    this.want(0);
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    this.choose(!this.isChosen);
    this.tabs.find((tab) => tab.tabIndex === 0)?.focus();
  }

  /** Another text is there, or the pane is, or somebody who looks. */
  private want(pause = this.pace.pause(this.form.body.value.length)): void {
    clearTimeout(this.timer);
    if (this.section.hidden || document.hidden || this.form.body.value === this.refused) return;
    this.timer = setTimeout(() => void this.load(false), pause);
  }

  /** `asked`: by the person, who is told what became of it. */
  private async load(asked: boolean): Promise<void> {
    const text = this.form.body.value;
    if (this.isLoading || (text === this.shown && !asked)) return;
    this.isLoading = true;
    const began = performance.now();
    try {
      const fields = new FormData();
      for (const [name, value] of Object.entries({ choice: "preview", body: text })) fields.set(name, value);
      const made = await postForm<{ html: string }>(this.form.element.action, fields);
      this.pace.took(performance.now() - began);
      this.body.replaceChildren(nodesOf(made?.html ?? ""));
      this.shown = text;
      this.told.textContent = "";
      this.drawn();
    } catch (error) {
      this.pace.failed();
      if (error instanceof Failed && isFinal(error.status)) this.refused = text;
      this.told.textContent = "The preview is unavailable just now.";
      if (asked && error instanceof Failed && error.status === 401) this.signedOut();
    }
    this.isLoading = false;
    if (this.form.body.value !== this.shown) this.want();
  }
}

/** Signed out, too long: not a server that is away or has too much to do. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 408 && status !== 429;
}
