// Markdown as notes are rendered: CommonMark and GitHub's tables, tasks, strikethrough and links. What is inside code
// or HTML is not parsed: no parser of another language comes along.

import { defineLanguageFacet, HighlightStyle, Language, languageDataProp, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import type { EditorState, Extension } from "@codemirror/state";
import { tags } from "@lezer/highlight";
import { GFM, parser } from "@lezer/markdown";

const data = defineLanguageFacet();
const language = new Language(data, parser.configure([GFM, { props: [languageDataProp.add({ Document: data })] }]), [], "markdown");

const soft = "var(--soft)";
const look = HighlightStyle.define([
  { tag: tags.heading1, fontWeight: "700", fontSize: "1.3em" },
  { tag: tags.heading2, fontWeight: "700", fontSize: "1.15em" },
  { tag: tags.heading, fontWeight: "700" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.monospace, fontFamily: "var(--mono)", fontSize: "0.92em" },
  { tag: [tags.link, tags.url], color: "var(--accent)" },
  { tag: [tags.quote, tags.processingInstruction, tags.contentSeparator, tags.labelName, tags.comment], color: soft },
]);

export const markdown: Extension = [language.extension, syntaxHighlighting(look)];

/** Whether marks of lists and quotes mean nothing here. */
export function isCode(state: EditorState, position: number): boolean {
  for (let node = syntaxTree(state).resolveInner(position, -1); node.parent; node = node.parent) {
    if (node.name === "FencedCode" || node.name === "CodeBlock") return true;
  }
  return false;
}

/** Where the blocks of the text begin, as far as it was parsed; nothing for what renders as nothing. */
export function blockStarts(state: EditorState): number[] {
  const starts: number[] = [];
  for (let node = syntaxTree(state).topNode.firstChild; node; node = node.nextSibling) {
    if (node.name !== "LinkReference") starts.push(node.from);
  }
  return starts;
}
