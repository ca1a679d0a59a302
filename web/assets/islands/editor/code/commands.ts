// What keys and buttons do to the text.

import { historyKeymap, insertNewlineKeepIndent, redo, standardKeymap } from "@codemirror/commands";
import { type Command, EditorView, type KeyBinding } from "@codemirror/view";
import { goOn, indent, outdent, toggleLines } from "./lists.js";
import { heading, link, pastedLink, toggleMark } from "./marks.js";

/** By the names that the buttons of the page have. */
export const COMMANDS: Record<string, (view: EditorView) => boolean> = {
  bold: toggleMark("**"),
  italic: toggleMark("*"),
  code: toggleMark("`"),
  link,
  heading,
  bullets: toggleLines("bullet"),
  numbers: toggleLines("number"),
  tasks: toggleLines("task"),
  quote: toggleLines("quote"),
};

/** Longer than anybody rests on a key: the next key ends it, not the clock. */
const UNTIL_THE_NEXT_KEY_MS = 24 * 3_600_000;

function leaveByTab(view: EditorView): boolean {
  view.setTabFocusMode(UNTIL_THE_NEXT_KEY_MS);
  return true;
}

/** What the page around the text does when it is asked to. */
export interface Around {
  find(): void;
  findNext(forward: boolean): void;
  /** False where there was nothing to close. */
  close(): boolean;
}

export function keys(around: Around): KeyBinding[] {
  const find = () => (around.find(), true);
  const next = () => (around.findNext(true), true);
  const previous = () => (around.findNext(false), true);
  return [
    { key: "Mod-f", run: find },
    { key: "F3", run: next, shift: previous, preventDefault: true },
    { key: "Mod-g", run: next, shift: previous, preventDefault: true },
    ...KEYS,
    { key: "Escape", run: (view) => around.close() || leaveByTab(view) },
  ];
}

/** While the text is held, the key of a command that changes it does nothing (true), or what it does elsewhere (false). */
function unlessHeld(command: Command, held: boolean): Command {
  return (view) => (view.state.readOnly ? held : command(view));
}

const KEYS: KeyBinding[] = [
  { key: "Enter", run: unlessHeld(goOn, true) },
  { key: "Enter", run: insertNewlineKeepIndent, shift: insertNewlineKeepIndent },
  // Tab then leaves the text, as it does outside lists.
  { key: "Tab", run: unlessHeld(indent, false), shift: unlessHeld(outdent, false) },
  { key: "Mod-b", run: unlessHeld(toggleMark("**"), true) },
  { key: "Mod-i", run: unlessHeld(toggleMark("*"), true) },
  { key: "Mod-e", run: unlessHeld(toggleMark("`"), true) },
  { key: "Mod-k", run: unlessHeld(link, true) },
  { key: "Mod-Shift-z", run: redo, preventDefault: true },
  ...historyKeymap,
  ...standardKeymap,
];

export const pasting = EditorView.domEventHandlers({
  paste(event, view) {
    const change = pastedLink(view.state, event.clipboardData?.getData("text/plain") ?? "");
    return change !== null && put(view, change, "input.paste");
  },
  // What takes the place of marked words is put there by us: the browser would give it their look by an inline style,
  // which the content policy refuses.
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || event.data === null || view.composing) return false;
    const { from, to } = marked(view);
    return from < to && put(view, { from, to, insert: event.data }, "input.type");
  },
});

/**
 * What is selected: ours, which may reach beyond what is drawn of a long text; else the browser's, of which we may not
 * have heard yet.
 */
function marked(view: EditorView): { from: number; to: number } {
  const { main } = view.state.selection;
  const { anchorNode, anchorOffset, focusNode, focusOffset } = (view.root as Document).getSelection?.() ?? {};
  const isThere = (node?: Node | null) => node && view.contentDOM.contains(node);
  if (!main.empty || !anchorNode || !focusNode || !isThere(anchorNode) || !isThere(focusNode)) return main;
  const ends = [view.posAtDOM(anchorNode, anchorOffset), view.posAtDOM(focusNode, focusOffset)];
  return { from: Math.min(...ends), to: Math.max(...ends) };
}

function put(view: EditorView, change: { from: number; to: number; insert: string }, userEvent: string): boolean {
  if (view.state.readOnly) return false;
  const anchor = change.from + view.state.toText(change.insert).length;
  view.dispatch({ changes: change, selection: { anchor }, scrollIntoView: true, userEvent });
  return true;
}
