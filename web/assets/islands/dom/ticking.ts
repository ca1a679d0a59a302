// Tasks are ticked where they are read: each tick is a small save of its own, one after the other.

import { toast } from "./feedback.js";
import { path } from "./fill.js";
import { Failed, postForm } from "./request.js";

export class Ticking {
  private last: Promise<void> = Promise.resolve();
  private told: HTMLElement | null = null;

  constructor(
    private readonly body: HTMLElement,
    private readonly key: string,
    private readonly renew: () => void,
  ) {
    body.addEventListener("change", (event) => {
      const box = event.target as HTMLInputElement;
      if (!box.matches("[data-task]")) return;
      const [isDone, name] = [box.checked, nameOf(box)];
      // Its line is asked for when it is its turn: a change before may have moved it.
      this.last = this.last.then(() => this.send(placeOf(box), isDone, name));
    });
  }

  private async send(place: Place, isDone: boolean, name: string): Promise<void> {
    const fields = new FormData();
    fields.set("line", place.line);
    fields.set("task", place.task);
    fields.set("checked", isDone ? "yes" : "no");
    try {
      await postForm(path(this.key, "tick"), fields);
      this.tell(isDone ? `“${name}” is done.` : `“${name}” is to do.`, () => this.undo(place, isDone, name));
    } catch (error) {
      const box = this.find(place);
      if (box) box.checked = !isDone;
      toast({ text: refusal(error), tone: "error" });
      this.renew();
    }
  }

  private undo(place: Place, isDone: boolean, name: string): void {
    const box = this.find(place);
    if (box) box.checked = !isDone;
    box?.focus();
    this.last = this.last.then(() => this.send(box ? placeOf(box) : place, !isDone, name));
  }

  /** Where it is now: lines move, and a live change may have made the box anew. */
  private find({ line, task }: Place): HTMLInputElement | undefined {
    const same = [...this.body.querySelectorAll<HTMLInputElement>(`[data-task="${CSS.escape(task)}"]`)];
    return same.find((box) => box.dataset["line"] === line) ?? same[0];
  }

  /** The last tick alone: a list that is ticked off would fill the shelf. */
  private tell(text: string, onUndo: () => void): void {
    this.told?.remove();
    this.told = toast({ text, onUndo });
  }
}

interface Place {
  line: string;
  task: string;
}

function placeOf(box: HTMLInputElement): Place {
  return { line: box.dataset["line"] ?? "", task: box.dataset["task"] ?? "" };
}

/** Whoever may write can tick; a box is called what its task says. */
export function offerTicks(block: HTMLElement): void {
  for (const box of block.querySelectorAll<HTMLInputElement>("input[data-task]")) {
    box.disabled = false;
    box.setAttribute("aria-label", nameOf(box));
  }
}

/** What the task says, without the tasks below it. */
function nameOf(box: HTMLInputElement): string {
  const item = box.closest("li")?.cloneNode(true) as HTMLElement | undefined;
  for (const below of item?.querySelectorAll("ul, ol, pre, .code, blockquote") ?? []) below.remove();
  const said = (item?.textContent ?? "").trim().replace(/\s+/g, " ");
  return said.length > 80 ? `${said.slice(0, 79)}…` : said || "Task";
}

function refusal(error: unknown): string {
  const status = error instanceof Failed ? error.status : 0;
  if (status === 409) return "This task was changed meanwhile, so nothing was ticked.";
  if (status === 401) return "You were signed out, so nothing was ticked.";
  if (status === 403) return "Your account can read notes, but not change them.";
  if (status === 404 || status === 410) return "This note was deleted, so nothing was ticked.";
  if (status === 429) return "You have written as much as one person may today, so nothing was ticked.";
  return "The server cannot be reached. Look whether it was ticked, and try again.";
}
