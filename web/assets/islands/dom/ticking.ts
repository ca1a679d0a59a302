// Tasks are ticked where they are read: each tick is a small save of its own, one after the other.

import { toast } from "./feedback.js";
import { path } from "./fill.js";
import { Failed, postForm } from "./request.js";

/** Ticked here and not saved yet, with what the server's text has said of it meanwhile. */
const pending = new Map<HTMLInputElement, boolean | null>();

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
      if (box.matches("[data-task]")) this.tick(box);
    });
    // Those that wait for their turn would never be sent.
    addEventListener("beforeunload", (event) => pending.size > 0 && event.preventDefault());
  }

  private tick(box: HTMLInputElement): void {
    const [isDone, name] = [box.checked, nameOf(box)];
    pending.set(box, pending.get(box) ?? null);
    // Its place is asked for when it is its turn: a change before may have moved it.
    this.last = this.last.then(() => this.send(box, this.placeOf(box), isDone, name));
  }

  private async send(box: HTMLInputElement, place: Place, isDone: boolean, name: string): Promise<void> {
    const fields = new FormData();
    for (const [field, value] of Object.entries(place)) fields.set(field, String(value));
    fields.set("checked", isDone ? "yes" : "no");
    try {
      const saved = await postForm<{ version: number }>(path(this.key, "tick"), fields);
      this.settle(box, saved?.version ?? Infinity);
      this.tell(isDone ? `“${name}” is done.` : `“${name}” is to do.`, () => this.undo(place, isDone));
    } catch (error) {
      const said = pending.get(box);
      pending.delete(box);
      box.checked = said ?? !isDone;
      toast({ text: refusal(error), tone: "error" });
      this.renew();
    }
  }

  /** What was heard of the box while it waited counts, if it is of this save or a later one. */
  private settle(box: HTMLInputElement, version: number): void {
    const said = pending.get(box);
    pending.delete(box);
    const shown = Number(this.body.closest<HTMLElement>("[data-version]")?.dataset["version"]);
    if (typeof said === "boolean" && shown >= version) box.checked = said;
  }

  private undo(place: Place, wasDone: boolean): void {
    const box = this.find(place);
    if (!box) {
      toast({ text: "This task was changed meanwhile, so nothing was undone.", tone: "error" });
      return;
    }
    box.checked = !wasDone;
    box.focus();
    this.tick(box);
  }

  private placeOf(box: HTMLInputElement): Place {
    const task = box.dataset["task"] ?? "";
    const alike = this.called(task);
    return { task, place: alike.indexOf(box), alike: alike.length };
  }

  /** Where it is now: lines move, and a live change may have made the box anew. */
  private find({ task, place, alike }: Place): HTMLInputElement | undefined {
    const now = this.called(task);
    return now.length === alike ? now[place] : undefined;
  }

  private called(task: string): HTMLInputElement[] {
    return [...this.body.querySelectorAll<HTMLInputElement>(`[data-task="${CSS.escape(task)}"]`)];
  }

  /** The last tick alone: a list that is ticked off would fill the shelf. */
  private tell(text: string, onUndo: () => void): void {
    this.told?.remove();
    this.told = toast({ text, onUndo });
  }
}

/** Which of the tasks that are called the same, and of how many. */
interface Place {
  task: string;
  place: number;
  alike: number;
}

/** The server's text says how a box is; true if that has to wait for its person's own tick. */
export function isHeld(box: HTMLInputElement, isDone: boolean): boolean {
  if (!pending.has(box)) return false;
  pending.set(box, isDone);
  return true;
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
  if (error instanceof Failed && error.problem.code === "stale_page") return "This page was out of date, so nothing was ticked. Load it again.";
  if (status === 403) return "Your account can read notes, but not change them.";
  if (status === 404 || status === 410) return "This note was deleted, so nothing was ticked.";
  if (status === 429) return "You have written as much as one person may today, so nothing was ticked.";
  return "The server cannot be reached. Look whether it was ticked, and try again.";
}
