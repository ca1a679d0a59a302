// Sending the text: with the page, or while it stays; tried again until it is answered, and told in words.

import { jump } from "../dom/typing.js";
import { announce, toast } from "../dom/feedback.js";
import { postUntilAnswered, Unanswered, whenReachable } from "../dom/repeating.js";
import { Failed } from "../dom/request.js";
import type { Facts } from "../core/writing.js";
import type { Words } from "../remote-changes.js";
import type { Saved, WritingForm } from "./writing-form.js";

/** What these buttons of our forms lead to is a saved note; the others lead to a page of the server's. */
const SAVING = ["save", "mine", "together", "both"];

export interface Keeper {
  /** Keep the text on this device as it is now. */
  keep(): void;
  /** Tell the writer how it stands. */
  say(): void;
  /** The server has this text, and the page stays. */
  isSaved(sent: Words, saved: Saved): void;
}

export class Saving {
  state: Facts["sending"] = "no";
  /** The server's own page shall answer the next submit. */
  private byPage = false;

  constructor(
    private readonly form: WritingForm,
    private readonly keeper: Keeper,
  ) {
    form.element.addEventListener("submit", (event) => this.submitted(event));
    form.element.addEventListener("unsent", (event) => this.unsent(event));
  }

  /** Somebody goes on typing: what failed before is no longer about this text. */
  typed(): void {
    this.byPage = false;
    if (this.state === "failed" || this.state === "unknown") this.state = "no";
  }

  /** The connection is there again. */
  reconnected(): void {
    if (this.state === "failed") this.state = "no";
  }

  /** The page was left and is shown again. */
  stays(): void {
    this.form.hold(false);
    this.byPage = false;
    this.is("no");
  }

  /** Save and go on writing. Whatever is not plain success is told by the server's own pages. */
  async here(): Promise<void> {
    if (this.isSending() || !this.form.isDirty() || !this.form.element.reportValidity()) return;
    this.keeper.keep();
    const sent = this.form.words();
    this.is("here");
    try {
      const url = this.form.element.action;
      const made = await postUntilAnswered<Saved>(url, this.form.data("save"), (sent) => this.waits(sent));
      if (!made) return;
      this.keeper.isSaved(sent, made);
    } catch (error) {
      if (error instanceof Failed && error.status < 500) this.askThePage(this.form.saveButton());
      else this.unanswered(error instanceof Unanswered ? error : new Unanswered(true));
    }
  }

  /** The server's own page answers. */
  askThePage(button: HTMLButtonElement | null): void {
    this.is("no");
    // Until it has left: the form is asked about its way before it goes.
    this.byPage = true;
    jump(() => this.form.element.requestSubmit(button?.isConnected ? button : null));
  }

  private submitted(event: SubmitEvent): void {
    if (event.defaultPrevented) return;
    const button = event.submitter as HTMLButtonElement | null;
    if (!this.byPage && (!button || SAVING.includes(button.value) || button.hasAttribute("formaction"))) {
      event.preventDefault();
      void this.saveAndRead(button);
      return;
    }
    this.keeper.keep();
    this.is("page");
  }

  /** Save, then go where the form would have gone. Whatever is not plain success is told by the server's own pages. */
  private async saveAndRead(button: HTMLButtonElement | null): Promise<void> {
    if (this.isSending()) return;
    this.keeper.keep();
    const form = this.form.element;
    const fields = new FormData(form, button);
    fields.set("then", "read");
    const action = button?.hasAttribute("formaction") ? button.formAction : form.action;
    this.is("page");
    this.form.hold(true);
    try {
      const made = await postUntilAnswered<Saved>(action, fields, (sent) => this.waits(sent));
      this.is("page");
      await whenReachable();
      location.assign(made?.url ?? "/");
    } catch (error) {
      this.form.hold(false);
      if (error instanceof Unanswered) this.unanswered(error);
      else this.askThePage(button);
    }
  }

  private isSending(): boolean {
    return ["page", "here", "unanswered", "unreached"].includes(this.state);
  }

  private waits(sent: boolean): void {
    const before = this.state;
    this.is(sent ? "unanswered" : "unreached");
    const words = document.getElementById("edit-state")?.textContent;
    if (words && before !== this.state) announce(words, words);
  }

  /** The server could not be reached, so the page stayed. */
  private unsent(event: Event): void {
    event.preventDefault();
    this.unanswered(new Unanswered(false));
  }

  private unanswered({ sent }: Unanswered): void {
    this.byPage = false;
    this.keeper.keep();
    this.is(sent ? "unknown" : "failed");
    const words = document.getElementById("edit-state")?.textContent;
    const text = sent
      ? "There was no answer, so your text may not be saved. It is kept: save it again."
      : "Not saved: the server cannot be reached. Your text is kept.";
    if (words) announce(words, words);
    else toast({ text, tone: "error" });
  }

  is(state: Facts["sending"]): void {
    this.state = state;
    this.keeper.say();
  }
}
