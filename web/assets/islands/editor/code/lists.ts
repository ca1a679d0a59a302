// Lists and quotes while one types: Enter goes on with them and ends them on an empty item, Tab and Shift+Tab move items.

import { type ChangeSpec, EditorSelection, type EditorState, type Line, type StateCommand } from "@codemirror/state";
import { isCode } from "./language.js";

/** What stands before the words of a line: quotes, indent, marker with its space, checkbox. */
const PREFIX = /^((?:\s{0,3}>[ \t]?)*)([ \t]*)(?:([-*+]|\d{1,9}[.)])([ \t]+|$)(\[[ xX]\](?:[ \t]+|$))?)?/;

export interface Prefix {
  quotes: string;
  indent: string;
  /** "" where the line is no item. */
  marker: string;
  space: string;
  task: string;
  length: number;
}

export function prefixOf(text: string): Prefix {
  const [all = "", quotes = "", indent = "", marker = "", space = "", task = ""] = PREFIX.exec(text) ?? [];
  return { quotes, indent, marker, space, task, length: all.length };
}

/** Enter. False where nothing is to be gone on with. */
export const goOn: StateCommand = ({ state, dispatch }) => {
  const { main } = state.selection;
  const line = state.doc.lineAt(main.head);
  const prefix = prefixOf(line.text);
  const isMarked = prefix.marker !== "" || prefix.quotes !== "";
  const isInside = main.from < line.from + prefix.length && line.text.length > prefix.length;
  if (state.selection.ranges.length > 1 || !isMarked || isInside || isCode(state, main.head)) return false;
  const isEmpty = main.empty && line.text.slice(prefix.length).trim() === "";
  const change = isEmpty ? ended(state, line, prefix) : { from: main.from, to: main.to, insert: state.lineBreak + next(prefix) };
  const anchor = change.from + change.insert.length;
  dispatch(state.update({ changes: change, selection: { anchor }, scrollIntoView: true, userEvent: "input" }));
  return true;
};

function next({ quotes, indent, marker, space, task }: Prefix): string {
  const number = /^\d+/.exec(marker)?.[0];
  const following = number === undefined ? marker : marker.replace(number, String(Number(number) + 1));
  return quotes + indent + following + (marker === "" ? "" : space || " ") + (task === "" ? "" : "[ ] ");
}

/** An empty item goes one level out; at the outermost it is an empty line. A quote ends likewise. */
function ended(state: EditorState, line: Line, prefix: Prefix): { from: number; to: number; insert: string } {
  const whole = { from: line.from, to: line.to };
  if (prefix.marker === "") return { ...whole, insert: prefix.quotes.replace(/>[ \t]?$/, "").trimEnd() };
  const outer = itemAbove(state, line, prefix, (indent) => indent < width(prefix.indent));
  if (prefix.indent === "" || !outer) return { ...whole, insert: prefix.quotes };
  return { ...whole, insert: next({ ...outer, quotes: prefix.quotes, task: prefix.task && outer.task }) };
}

/** Tab: the items of the selection go under the one above them. False outside lists. */
export const indent: StateCommand = ({ state, dispatch }) => {
  const items = selectedItems(state);
  const [first] = items;
  if (!first) return false;
  const prefix = prefixOf(first.text);
  const above = itemAbove(state, first, prefix, (indent) => indent <= width(prefix.indent));
  const room = above && width(above.indent) + above.marker.length + (above.space.length || 1) - width(prefix.indent);
  if (!room || room <= 0) return true; // nothing to go under; it is a list all the same
  const changes = items.map((line) => ({ from: line.from + prefixOf(line.text).quotes.length, insert: " ".repeat(room) }));
  dispatch(state.update({ changes, userEvent: "input.indent", scrollIntoView: true }));
  return true;
};

/** Shift+Tab: they go out to the level of the one that they are under. False where they cannot. */
export const outdent: StateCommand = ({ state, dispatch }) => {
  const items = selectedItems(state);
  const [first] = items;
  if (!first) return false;
  const prefix = prefixOf(first.text);
  const now = width(prefix.indent);
  if (now === 0) return false;
  const outer = itemAbove(state, first, prefix, (indent) => indent < now);
  const less = now - (outer ? width(outer.indent) : 0);
  const changes = items.flatMap((line) => without(line, less));
  dispatch(state.update({ changes, userEvent: "delete.dedent", scrollIntoView: true }));
  return true;
};

function without(line: Line, columns: number): ChangeSpec[] {
  const { quotes, indent } = prefixOf(line.text);
  const from = line.from + quotes.length;
  let taken = 0;
  while (taken < indent.length && width(indent.slice(0, taken)) < columns) taken++;
  return taken > 0 ? [{ from, to: from + taken }] : [];
}

/** The lines of the selection, when the first is an item of a list; lines without words stay as they are. */
function selectedItems(state: EditorState): Line[] {
  const { from, to } = state.selection.main;
  const first = state.doc.lineAt(from);
  if (prefixOf(first.text).marker === "" || isCode(state, first.to)) return [];
  const lines = [first];
  for (let number = first.number + 1; number <= state.doc.lineAt(to).number; number++) lines.push(state.doc.line(number));
  return lines.filter((line) => line === first || line.text.trim() !== "");
}

/** The nearest item above that has such an indent and the same quotes. */
function itemAbove(state: EditorState, line: Line, { quotes }: Prefix, suits: (indent: number) => boolean): Prefix | null {
  for (let number = line.number - 1; number >= Math.max(1, line.number - MOST_LINES); number--) {
    const above = prefixOf(state.doc.line(number).text);
    if (above.quotes.trim() !== quotes.trim()) return null;
    if (above.marker !== "" && suits(width(above.indent))) return above;
  }
  return null;
}

/** So far up is looked for the item that another one is under. */
const MOST_LINES = 200;

function width(indent: string): number {
  let columns = 0;
  for (const space of indent) columns = space === "\t" ? columns + 4 - (columns % 4) : columns + 1;
  return columns;
}

/** Put a marker before every line of the selection, or take it away where all have it. */
export function toggleLines(kind: "bullet" | "number" | "task" | "quote"): StateCommand {
  return ({ state, dispatch }) => {
    const { from, to } = state.selection.main;
    const [start, end] = [state.doc.lineAt(from).number, state.doc.lineAt(to).number];
    const all = Array.from({ length: end - start + 1 }, (_, index) => state.doc.line(start + index));
    const lines = all.length === 1 ? all : all.filter(({ text }) => text.trim() !== "");
    const off = lines.every(({ text }) => kindOf(prefixOf(text)) === kind || (kind === "quote" && prefixOf(text).quotes !== ""));
    const changes = lines.map((line, index) => ({ from: line.from, ...remarked(line.text, kind, off, index) }));
    const spec = changes.map(({ from, length, insert }) => ({ from, to: from + length, insert }));
    const moved = state.changes(spec);
    const selection = EditorSelection.range(moved.mapPos(state.selection.main.anchor, 1), moved.mapPos(state.selection.main.head, 1));
    dispatch(state.update({ changes: moved, selection, userEvent: "input", scrollIntoView: true }));
    return true;
  };
}

function kindOf({ marker, task }: Prefix): string {
  if (marker === "") return "";
  if (task !== "") return "task";
  return /\d/.test(marker) ? "number" : "bullet";
}

function remarked(text: string, kind: string, off: boolean, index: number): { length: number; insert: string } {
  const { quotes, indent, length } = prefixOf(text);
  if (kind === "quote") return off ? { length: quotes.length, insert: quotes.replace(/>[ \t]?$/, "") } : { length: 0, insert: "> " };
  const marker = kind === "number" ? `${index + 1}. ` : kind === "task" ? "- [ ] " : "- ";
  return { length, insert: quotes + indent + (off ? "" : marker) };
}
