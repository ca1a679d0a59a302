// Bold, italic, code, links and headings: marks around what is selected, or taken away again.

import { type ChangeSpec, EditorSelection, type EditorState, type SelectionRange, type StateCommand } from "@codemirror/state";
import { isCode } from "./language.js";
import { prefixOf } from "./lists.js";

const ADDRESS = /^(?:https?:\/\/|mailto:)\S+$/i;
const BLANK_ADDRESS = "https://";

/** Put a mark on both sides of the selection, of the word at the caret, or of nothing yet; or take it away. */
export function toggleMark(mark: string): StateCommand {
  return ({ state, dispatch }) => {
    const pieces = piecesOf(state, state.selection.main);
    const off = pieces.every((piece) => isMarked(state, piece, mark));
    const changes = pieces.flatMap(({ from, to }): ChangeSpec[] =>
      off
        ? [{ from: from - mark.length, to: from }, { from: to, to: to + mark.length }]
        : [{ from, insert: mark }, { from: to, insert: mark }],
    );
    const selection = off ? {} : { selection: between(state, pieces, mark.length) };
    dispatch(state.update({ changes, ...selection, scrollIntoView: true, userEvent: "input" }));
    return true;
  };
}

interface Piece {
  from: number;
  to: number;
}

/** Marks do not reach over the end of a line, nor over spaces at their ends, nor into what makes a line an item. */
function piecesOf(state: EditorState, { from, to, empty }: SelectionRange): Piece[] {
  if (empty) return [state.wordAt(from) ?? { from, to }].map((piece) => ({ from: piece.from, to: piece.to }));
  const pieces: Piece[] = [];
  for (let line = state.doc.lineAt(from); ; line = state.doc.lineAt(line.to + 1)) {
    const start = Math.max(from, line.from + prefixOf(line.text).length);
    const text = state.sliceDoc(start, Math.max(start, Math.min(to, line.to)));
    const words = text.trim();
    if (words !== "") pieces.push({ from: start + text.indexOf(words), to: start + text.indexOf(words) + words.length });
    if (line.to >= to) break;
  }
  return pieces.length > 0 ? pieces : [{ from: to, to }];
}

/** One star is no half of two: of a run of them, an odd number holds a single one, and two or more a double one. */
function isMarked(state: EditorState, { from, to }: Piece, mark: string): boolean {
  const before = state.sliceDoc(Math.max(0, from - MOST_MARKS), from);
  const after = state.sliceDoc(to, to + MOST_MARKS);
  const sign = mark.charAt(0);
  const left = before.length - trimmed(before, sign).length;
  let right = 0;
  while (after[right] === sign) right++;
  return mark.length === 1 ? Math.min(left, right) % 2 === 1 : Math.min(left, right) >= 2;
}

/** Longer runs of a mark mean nothing. */
const MOST_MARKS = 3;

function trimmed(text: string, sign: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === sign) end--;
  return text.slice(0, end);
}

/** The words stay selected; a caret comes to stand between the marks. */
function between(state: EditorState, pieces: Piece[], added: number): EditorSelection {
  const { main } = state.selection;
  if (main.empty) return EditorSelection.single(main.head + added);
  const [first, last] = [pieces[0] as Piece, pieces.at(-1) as Piece];
  return EditorSelection.single(first.from + added, last.to + added * (2 * pieces.length - 1));
}

/** Ctrl+K: what is selected becomes a link's text, or its address where it is one. */
export const link: StateCommand = ({ state, dispatch }) => {
  const { from, to } = state.selection.main;
  const text = state.sliceDoc(from, to);
  const isAddress = ADDRESS.test(text);
  const insert = isAddress ? `[](${bracketed(text)})` : `[${text}](${BLANK_ADDRESS})`;
  const address = from + text.length + 3;
  const selection = isAddress || text === "" ? EditorSelection.cursor(from + 1) : EditorSelection.range(address, address + BLANK_ADDRESS.length);
  dispatch(state.update({ changes: { from, to, insert }, selection, scrollIntoView: true, userEvent: "input" }));
  return true;
};

/** A link of the selected words to what is pasted; null where it is pasted as it is. */
export function pastedLink(state: EditorState, pasted: string): { from: number; to: number; insert: string } | null {
  const { from, to } = state.selection.main;
  const words = state.sliceDoc(from, to);
  const address = pasted.trim();
  const suits = ADDRESS.test(address) && words.trim() !== "" && !/[\n[\]]/.test(words) && !ADDRESS.test(words.trim());
  return suits && !isCode(state, to) ? { from, to, insert: `[${words}](${bracketed(address)})` } : null;
}

/** As a link's address has to stand: parentheses would end it. */
function bracketed(address: string): string {
  return /[()<>]/.test(address) ? `<${address.replaceAll("<", "%3C").replaceAll(">", "%3E")}>` : address;
}

/** No heading, then the first level, the second, the third, and none again. */
export const heading: StateCommand = ({ state, dispatch }) => {
  const line = state.doc.lineAt(state.selection.main.head);
  const found = /^(#{1,6})[ \t]+/.exec(line.text);
  const level = found ? (found[1] as string).length : 0;
  const insert = level >= 3 ? "" : `${"#".repeat(level + 1)} `;
  dispatch(state.update({ changes: { from: line.from, to: line.from + (found?.[0].length ?? 0), insert }, scrollIntoView: true, userEvent: "input" }));
  return true;
};
