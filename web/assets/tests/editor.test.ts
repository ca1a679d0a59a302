import assert from "node:assert/strict";
import { test } from "node:test";

import { EditorSelection, EditorState, type StateCommand } from "@codemirror/state";

import { markdown } from "../islands/editor/code/language.js";
import { goOn, indent, outdent, prefixOf, toggleLines } from "../islands/editor/code/lists.js";
import { heading, link, pastedLink, toggleMark } from "../islands/editor/code/marks.js";
import { Pace } from "../islands/editor/pace.js";
import { countWords } from "../islands/editor/word-count.js";

/** A text with its selection: "|" is the caret, "[…]" in corner marks «» what is selected. */
function stateOf(text: string): EditorState {
  const anchor = text.search(/[|«]/);
  const plain = text.replace(/[|«»]/g, "");
  const head = text.includes("»") ? text.indexOf("»") - 1 : anchor;
  return EditorState.create({ doc: plain, selection: EditorSelection.single(anchor, head), extensions: [markdown] });
}

function shown(state: EditorState): string {
  const { from, to, empty } = state.selection.main;
  const [before, middle, after] = [state.sliceDoc(0, from), state.sliceDoc(from, to), state.sliceDoc(to)];
  return empty ? `${before}|${after}` : `${before}«${middle}»${after}`;
}

function after(command: StateCommand, text: string): string | null {
  let state = stateOf(text);
  const done = command({ state, dispatch: (transaction) => (state = transaction.state) });
  return done ? shown(state) : null;
}

for (const [before, then] of [
  ["- one|", "- one\n- |"],
  ["- one| two", "- one\n- | two"],
  ["* one|", "* one\n* |"],
  ["9. one|", "9. one\n10. |"],
  ["1) one|", "1) one\n2) |"],
  ["- [x] done|", "- [x] done\n- [ ] |"],
  ["> said|", "> said\n> |"],
  ["> - one|", "> - one\n> - |"],
  ["  - in|", "  - in\n  - |"],
  // An empty item ends the list, a nested one goes out first.
  ["- one\n- |", "- one\n|"],
  ["- one\n  - |", "- one\n- |"],
  ["1. one\n   - |", "1. one\n2. |"],
  ["- [ ] |", "|"],
  ["> said\n> |", "> said\n|"],
  ["> - |", "> |"],
  ["> > |", ">|"],
] as const) {
  test(`Enter goes on with a list or a quote, and ends it: ${JSON.stringify(before)}`, () => {
    assert.equal(after(goOn, before), then);
  });
}

test("Enter is plain outside lists, before an item's words, and in code", () => {
  for (const text of ["words|", "|- one", "-|", "```\n- one|\n```", "    - code|", "-one|", "**bold**|"]) {
    const isOrdinary = text === "-|" ? ["|", null].includes(after(goOn, text)) : after(goOn, text) === null;
    assert.ok(isOrdinary, text);
  }
});

test("Tab puts an item under the one above it, Shift+Tab takes it out", () => {
  assert.equal(after(indent, "- one\n- two|"), "- one\n  - two|");
  assert.equal(after(indent, "1. one\n2. two|"), "1. one\n   2. two|");
  assert.equal(after(indent, "> - one\n> - two|"), "> - one\n>   - two|");
  assert.equal(after(indent, "- one\n- «two\n- three»"), "- one\n  - «two\n  - three»");
  assert.equal(after(outdent, "- one\n  - two|"), "- one\n- two|");
  assert.equal(after(outdent, "- one\n\t- two|"), "- one\n- two|");
  // Nothing to go under: nothing happens, and Tab stays in the list.
  assert.equal(after(indent, "- one|"), "- one|");
  assert.equal(after(indent, "- one\n  - two|"), "- one\n  - two|");
});

test("Tab leaves the text outside lists, Shift+Tab at the outermost level, too", () => {
  assert.equal(after(indent, "words|"), null);
  assert.equal(after(indent, "```\n- a\n- b|\n```"), null);
  assert.equal(after(outdent, "- one|"), null);
  assert.equal(after(outdent, "words|"), null);
});

test("marks go around what is selected, and off again", () => {
  const bold = toggleMark("**");
  const italic = toggleMark("*");
  assert.equal(after(bold, "some «good» soup"), "some **«good»** soup");
  assert.equal(after(bold, "some **«good»** soup"), "some «good» soup");
  assert.equal(after(bold, "some« good »soup"), "some **«good»** soup");
  assert.equal(after(bold, "go|od"), "**go|od**");
  assert.equal(after(bold, "|"), "**|**");
  assert.equal(after(bold, "**|**"), "|");
  assert.equal(after(italic, "**«good»**"), "***«good»***");
  assert.equal(after(italic, "***«good»***"), "**«good»**");
  assert.equal(after(bold, "***«good»***"), "*«good»*");
  assert.equal(after(bold, "- «one\n- two»"), "- **«one**\n- **two»**");
  assert.equal(after(toggleMark("`"), "«x»"), "`«x»`");
  // A letter of two code units beside it is whole, and no mark.
  assert.equal(after(italic, "*«good»😀"), "**«good»*😀");
  assert.equal(after(toggleMark("`"), "`«x»😀"), "``«x»`😀");
  assert.equal(after(italic, "😀*«good»*😀"), "😀«good»😀");
});

test("Ctrl+K makes a link of words, and of an address", () => {
  assert.equal(after(link, "see «this»"), "see [this](«https://»)");
  assert.equal(after(link, "«https://example.com»"), "[|](https://example.com)");
  assert.equal(after(link, "|"), "[|](https://)");
});

test("an address that is pasted over words is their link", () => {
  const pasted = (text: string, address: string) => pastedLink(stateOf(text), address)?.insert ?? null;
  assert.equal(pasted("see «this»", "https://example.com/a"), "[this](https://example.com/a)");
  assert.equal(pasted("see «this»", " https://example.com/a\n"), "[this](https://example.com/a)");
  assert.equal(pasted("see «this»", "https://example.com/a_(b)"), "[this](<https://example.com/a_(b)>)");
  for (const text of ["|", "«https://example.com»", "«two\nlines»", "«[x]»", "`a`\n\n    «code»"]) {
    assert.equal(pasted(text, "https://example.com"), null, text);
  }
  for (const words of ["two words", "https://a b", "javascript:alert(1)", ""]) assert.equal(pasted("«this»", words), null, words);
});

test("buttons make headings, lists and quotes of lines, and lines of them", () => {
  assert.equal(after(heading, "Sou|p"), "# Sou|p");
  assert.equal(after(heading, "### Sou|p"), "Sou|p");
  assert.equal(after(toggleLines("bullet"), "«one\n\ntwo»"), "- «one\n\n- two»");
  assert.equal(after(toggleLines("number"), "- «one\n- two»"), "1. «one\n2. two»");
  assert.equal(after(toggleLines("task"), "one|"), "- [ ] one|");
  assert.equal(after(toggleLines("task"), "- [x] one|"), "one|");
  assert.equal(after(toggleLines("quote"), "«one\ntwo»"), "> «one\n> two»");
  assert.equal(after(toggleLines("quote"), "> one|"), "one|");
});

test("what makes a line an item is told from its words", () => {
  assert.equal(prefixOf("**bold**").marker, "");
  assert.equal(prefixOf("-5 degrees").marker, "");
  assert.equal(prefixOf("2026. a year").marker, "2026.");
  assert.equal(prefixOf("- [link](x)").task, "");
});

test("words are counted in every script", () => {
  for (const [text, words] of [
    ["", 0],
    ["Soup, and don't forget well-known *bread*!", 6],
    ["שלום עולם", 2],
    ["東京は夜", 4],
    ["é e\u0301té", 2],
    ["# - [ ] ---", 0],
  ] as const) {
    assert.equal(countWords(text), words, text);
  }
});

test("the preview rests three times as long as it took, longer for long texts, and ever longer while it fails", () => {
  const pace = new Pace();
  assert.equal(pace.pause(100), 400);
  assert.equal(pace.pause(200 * 1024), 2_000);
  pace.took(900);
  assert.equal(pace.pause(100), 2_700);
  const waits = Array.from({ length: 6 }, () => (pace.failed(), pace.pause(100)));
  assert.deepEqual(waits, [2_700, 4_000, 8_000, 16_000, 30_000, 30_000]);
  pace.took(10);
  assert.equal(pace.pause(100), 400);
});
