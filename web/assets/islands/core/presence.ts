// Who else is at a note, in one sentence. Pure.

export interface PresentUsers {
  /** Writers first; at most as many as the server shows. */
  people: { name: string; writing: boolean }[];
  more: number;
  guests: number;
  /** After how many seconds to ask again. */
  poll_after: number;
}

const NAMED = 2;

/** "" when nobody else is there. */
export function sentence({ people, more, guests }: PresentUsers): string {
  const writers = people.filter((each) => each.writing).map((each) => each.name);
  const readers = people.filter((each) => !each.writing).map((each) => each.name);
  const others = Math.max(0, readers.length - NAMED) + more;
  const here = [...readers.slice(0, NAMED), ...counted(others, "other"), ...counted(guests, "guest")];
  const parts = [said(writers, writers.length, "writing"), said(here, readers.length + more + guests, "here")];
  return parts.filter(Boolean).join(", ");
}

/** Of whom a writer should know; "" for nobody. */
export function fellowWriters({ people }: PresentUsers): string {
  const names = people.filter((each) => each.writing).map((each) => each.name);
  const words = said(names, names.length, "writing in this note too");
  return words && `${words}. If you both save, the second one to save sees both texts.`;
}

function counted(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}${count === 1 ? "" : "s"}`];
}

function said(who: string[], count: number, does: string): string {
  if (count === 0) return "";
  return `${new Intl.ListFormat("en").format(who)} ${count === 1 ? "is" : "are"} ${does}`;
}
