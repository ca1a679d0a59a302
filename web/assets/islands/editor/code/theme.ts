// The look of the editor, in the colours of the site. It stands in a shadow root, so that its sheets are adopted there
// and no style is ever inline.

import { EditorView } from "@codemirror/view";

export const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "transparent", fontSize: "1.03rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "1.65", overflowX: "hidden" },
  ".cm-content": { minHeight: "40dvh", padding: "16px", caretColor: "var(--accent)", overflowWrap: "anywhere" },
  ".cm-line": { padding: "0" },
  ".cm-searchMatch": { backgroundColor: "var(--tint)", outline: "1px solid var(--edge)" },
  ".cm-searchMatch-selected": { backgroundColor: "light-dark(#bfe3d7, #28594b)", outline: "2px solid var(--accent)" },
  ".described": { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" },
});
