// Finding and replacing in the text; what is looked for is typed in the page's own panel.

import { SearchCursor } from "@codemirror/search";
import { EditorSelection, type EditorState, StateEffect, StateField, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

export interface Query {
  words: string;
  matchCase: boolean;
}

interface Match {
  from: number;
  to: number;
}

/** So many are counted. */
export const MOST_COUNTED = 1_000;

const setQuery = StateEffect.define<Query>();
const query = StateField.define<Query>({
  create: () => ({ words: "", matchCase: false }),
  update: (value, { effects }) => effects.reduce((now, effect) => (effect.is(setQuery) ? effect.value : now), value),
});

const found = Decoration.mark({ class: "cm-searchMatch" });
const current = Decoration.mark({ class: "cm-searchMatch cm-searchMatch-selected" });

const shown = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = marksOf(view);
    }

    update(update: ViewUpdate): void {
      const isNew = update.startState.field(query) !== update.state.field(query);
      if (isNew || update.docChanged || update.viewportChanged || update.selectionSet) this.decorations = marksOf(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

export const finding = [query, shown];

export function look(view: EditorView, wanted: Query): void {
  view.dispatch({ effects: setQuery.of(wanted) });
}

/** How many there are, up to MOST_COUNTED, and the number of the selected one (0: none is). */
export function count({ state }: EditorView): { all: number; at: number } {
  const { from, to } = state.selection.main;
  let [all, at] = [0, 0];
  for (const match of matches(state, 0, state.doc.length)) {
    all++;
    if (match.from === from && match.to === to) at = all;
    if (all === MOST_COUNTED) break;
  }
  return { all, at };
}

/** Select the next one or the one before, past the end of the text, too. False where there is none. */
export function step(view: EditorView, forward: boolean): boolean {
  const { state } = view;
  const { from, to } = state.selection.main;
  const match = forward
    ? (first(matches(state, to, state.doc.length)) ?? first(matches(state, 0, state.doc.length)))
    : (last(matches(state, 0, from)) ?? last(matches(state, 0, state.doc.length)));
  if (match) select(view, match);
  return match !== undefined;
}

/** Replace the selected one, and go on to the next. */
export function replace(view: EditorView, insert: string): void {
  const { from, to } = view.state.selection.main;
  const match = from < to ? first(matches(view.state, from, to)) : undefined;
  if (match?.from === from && match.to === to) {
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: "input.replace" });
  }
  step(view, true);
}

/** How many were replaced, in one step of Undo. */
export function replaceAll(view: EditorView, insert: string): number {
  const changes = [...matches(view.state, 0, view.state.doc.length)].map(({ from, to }) => ({ from, to, insert }));
  if (changes.length > 0) view.dispatch({ changes, userEvent: "input.replace.all" });
  return changes.length;
}

function* matches(state: EditorState, from: number, to: number): Generator<Match> {
  const { words, matchCase } = state.field(query);
  if (words === "") return;
  for (const cursor = new SearchCursor(state.doc as Text, words, from, to, matchCase ? undefined : folded); !cursor.next().done; ) {
    yield { from: cursor.value.from, to: cursor.value.to };
  }
}

function folded(text: string): string {
  return text.toLowerCase();
}

function first(all: Generator<Match>): Match | undefined {
  return all.next().value as Match | undefined;
}

function last(all: Generator<Match>): Match | undefined {
  return [...all].at(-1);
}

function select(view: EditorView, { from, to }: Match): void {
  const range = EditorSelection.range(from, to);
  view.dispatch({ selection: range, effects: EditorView.scrollIntoView(range, { y: "center" }), userEvent: "select.search" });
}

function marksOf(view: EditorView): DecorationSet {
  const { main } = view.state.selection;
  const ranges = view.visibleRanges.flatMap(({ from, to }) => [...matches(view.state, from, to)]);
  return Decoration.set(
    ranges.map(({ from, to }) => (from === main.from && to === main.to ? current : found).range(from, to)),
    true,
  );
}
