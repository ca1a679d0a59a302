// What others do to the note while somebody writes: told beside the text, never in it.

import { Seen, type NoteEvent, type Person, type Position } from "./core/events.js";
import { offerComparison } from "./dom/comparison.js";
import { tell } from "./dom/feedback.js";
import { isOther } from "./dom/current-user.js";
import { Failed, getJson } from "./dom/request.js";
import type { Channel } from "./live.js";

const OWN_ANSWER_MS = 1_500;

export interface Words {
  title: string;
  body: string;
}

interface Found {
  note: Words & { version: number; editor: Person };
  position: Position;
}

export class RemoteChanges implements Channel {
  readonly name: string;
  readonly since = null;
  private readonly seen = new Seen();
  private latest: { version: number; by: Person } | null = null;

  /** `began`: what this window's text is based on. */
  constructor(
    private readonly key: string,
    private readonly began: () => { version: number; base: Words },
  ) {
    this.name = `notes:${key}`;
  }

  receive(data: unknown): void {
    const event = data as NoteEvent;
    if (!this.seen.isNew(event.id)) return;
    if (event.type === "note.updated") this.newer(event.note.version, event.by);
    if (event.type === "note.deleted") this.gone(event.by);
  }

  async reload(): Promise<Position> {
    try {
      const found = await this.fetch();
      this.newer(found.note.version, found.note.editor);
      return found.position;
    } catch (error) {
      if (error instanceof Failed && (error.status === 404 || error.status === 410)) this.gone(error.problem.by ?? null);
      throw error;
    }
  }

  private fetch(): Promise<Found> {
    return getJson<Found>(`/live/notes/${encodeURIComponent(this.key)}`);
  }

  /** Tell of the newest version, unless it is this window's own. */
  check(): void {
    const bar = document.getElementById("newer");
    if (!this.latest || !bar) return;
    const { version, by } = this.latest;
    if (version <= this.began().version) {
      bar.hidden = true;
      return;
    }
    const who = isOther(by) ? by.name : "You";
    tell("newer", `${who} saved a newer version${isOther(by) ? "" : " elsewhere"}. Saving yours will show both.`);
    offerComparison("newer-changes", async () => {
      const { note } = await this.fetch();
      return [whole(this.began().base), whole(note)];
    });
  }

  private newer(version: number, by: Person): void {
    if (version <= (this.latest?.version ?? 0)) return;
    this.latest = { version, by };
    // It is back from the trash.
    document.getElementById("gone")?.toggleAttribute("hidden", true);
    // The news of a save may be here before its answer.
    if (isOther(by)) this.check();
    else setTimeout(() => this.check(), OWN_ANSWER_MS);
  }

  private gone(by: Person | null): void {
    const who = by ? ` by ${isOther(by) ? by.name : "you"}` : "";
    tell("gone", `This note was deleted${who}. Your text is kept here.`);
  }
}

/** A text as one, its title first. */
export function whole({ title, body }: Words): string {
  return `${title}\n\n${body}`;
}
