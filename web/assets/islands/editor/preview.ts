// What the text will look like, from the server, in the page.

import { nodesOf } from "../dom/html.js";
import { Failed, postForm } from "../dom/request.js";
import type { WritingForm } from "./writing-form.js";

export class Preview {
  /** `signedOut`: the server's own page carries the text through the log-in. */
  constructor(
    private readonly form: WritingForm,
    private readonly signedOut: () => void,
  ) {
    form.element.addEventListener("submit", (event) => {
      const button = event.submitter as HTMLButtonElement | null;
      if (button?.value !== "preview") return;
      event.preventDefault();
      void this.show(button);
    });
  }

  private async show(button: HTMLButtonElement): Promise<void> {
    try {
      const made = await postForm<{ html: string }>(this.form.element.action, this.form.data("preview"));
      document.getElementById("preview-body")?.replaceChildren(nodesOf(made?.html ?? ""));
      const section = document.getElementById("preview") as HTMLElement;
      section.hidden = false;
      section.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (error instanceof Failed && error.status === 401) this.signedOut();
      else button.textContent = "Preview is unavailable, try again";
    }
  }
}
