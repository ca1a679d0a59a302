// What channels carry (contracts/README.md). Types of events that this page does not know are ignored.

export interface Person {
  id: string;
  name: string;
}

export interface Row {
  key: string;
  title: string;
  excerpt: string;
  version: number;
  comments: number;
  changed_lines?: number | null;
  /** The version that this person looked at last, as the server knows it; in no event. */
  looked?: number | null;
  author: Person;
  editor: Person;
  created_at: string;
  updated_at: string;
}

/** A version in the list of a note's versions; `did` is a sentence of the server's. */
export interface VersionRow {
  version: number;
  by: Person;
  at: string;
  did: string;
  deleted: boolean;
}

export interface Comment {
  id: number;
  author: Person;
  text: string;
  /** Sanitised; the release before sends none. */
  html?: string;
  created_at: string;
  /** Counts up with each change; 1 where none is said. */
  version?: number;
  edited_at?: string;
}

export interface Position {
  offset: number;
  epoch: string;
}

interface Happened {
  id: string;
  at: string;
  by: Person;
}

export type HomeEvent = Happened &
  (
    | { type: "note.created" | "note.updated"; note: Row }
    | { type: "note.deleted"; note: { key: string; title: string; version: number } }
    | { type: "note.discussed"; note: { key: string; comments: number } }
  );

export type NoteEvent = Happened &
  (
    | {
        type: "note.updated";
        note: { key: string; title: string; html: string | null; version: number; updated_at: string; changed_lines?: number | null };
      }
    | { type: "note.deleted"; note: { key: string; title: string; version: number } }
    | { type: "comment.created" | "comment.updated"; comment: Comment; comments: number }
    | { type: "comment.deleted"; comment: { id: number; version?: number }; comments: number }
  );

/** Ids of events seen lately: a repeat is told from news. At most `room` are kept. */
export class Seen {
  private readonly ids = new Set<string>();

  constructor(private readonly room = 1000) {}

  /** True the first time. */
  isNew(id: string): boolean {
    if (this.ids.has(id)) return false;
    this.ids.add(id);
    if (this.ids.size > this.room) this.ids.delete(this.ids.values().next().value as string);
    return true;
  }
}
