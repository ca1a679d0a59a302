// The text in CodeMirror. The form's text area stays its field (mirror.ts): whoever reads it gets what is typed here, and
// what comes into it otherwise (a draft, an extension of the browser) is shown here.

import { history } from "@codemirror/commands";
import { syntaxTree } from "@codemirror/language";
import { Compartment, EditorSelection, EditorState, type Extension, RangeSetBuilder, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { TextField } from "../text-field.js";
import { type Around, COMMANDS, keys, pasting } from "./commands.js";
import { count, finding, look, MOST_COUNTED, type Query, replace, replaceAll, step } from "./finding.js";
import { blockStarts, markdown } from "./language.js";
import { Mirror } from "./mirror.js";
import { theme } from "./theme.js";

/** Said with the text's name, for those who cannot see that Tab moves items. */
const HELP = "Markdown. In a list, Tab and Shift+Tab move the item; Escape, then Tab leaves the text.";
/** What stays in place above and below the text, in CSS pixels. */
const MARGINS = { top: 136, bottom: 96 };

export class RichField implements TextField {
  /** The text has another height, or its blocks are known now, and nobody has typed. */
  settled: () => void = () => {};
  private readonly view: EditorView;
  private readonly held = new Compartment();
  private readonly description: HTMLElement;
  private readonly mirror: Mirror;
  private isAdopting = false;
  private text: { doc: Text; words: string } | null = null;

  constructor(
    private readonly area: HTMLTextAreaElement,
    host: HTMLElement,
    private readonly around: Around,
  ) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    this.description = Object.assign(document.createElement("div"), { id: "described", className: "described" });
    const hasFocus = document.activeElement === area;
    const { selectionStart, selectionEnd, selectionDirection } = area;
    const [anchor, head] = selectionDirection === "backward" ? [selectionEnd, selectionStart] : [selectionStart, selectionEnd];
    const selection = EditorSelection.single(anchor, head);
    const state = EditorState.create({ doc: area.value, selection, extensions: this.extensions() });
    this.view = new EditorView({ state, parent: root, root });
    this.view.dom.append(this.description);
    this.mirror = new Mirror(area, () => this.value, (text) => this.adopt(text));
    this.describe();
    area.classList.add("replaced");
    host.hidden = false;
    this.hold(area.readOnly);
    if (hasFocus) this.focus();
  }

  /** The plain field again, with the caret where it was. */
  end(host: HTMLElement): void {
    const hasFocus = this.view.hasFocus;
    const { from, to } = this.view.state.selection.main;
    this.mirror.end();
    this.view.destroy();
    host.hidden = true;
    this.area.classList.remove("replaced");
    this.area.setSelectionRange(from, to);
    if (hasFocus) this.area.focus();
  }

  get value(): string {
    const { doc } = this.view.state;
    if (this.text?.doc !== doc) this.text = { doc, words: doc.toString() };
    return this.text.words;
  }

  write(text: string): void {
    this.area.value = text;
    this.mirror.changed();
  }

  focus(): void {
    this.view.focus();
  }

  select(): void {
    this.view.focus();
    this.view.dispatch({ selection: { anchor: 0, head: this.view.state.doc.length } });
  }

  hold(held: boolean): void {
    this.area.readOnly = held;
    this.view.dispatch({ effects: this.held.reconfigure(EditorState.readOnly.of(held)) });
  }

  /** What a button of the page is named after. */
  run(name: string): void {
    const command = COMMANDS[name];
    if (!command || this.area.readOnly) return;
    command(this.view);
    this.view.focus();
  }

  selected(): string {
    const { from, to } = this.view.state.selection.main;
    return this.view.state.sliceDoc(from, to);
  }

  look(wanted: Query): void {
    look(this.view, wanted);
  }

  count(): { all: number; at: number; isMore: boolean } {
    const counted = count(this.view);
    return { ...counted, isMore: counted.all === MOST_COUNTED };
  }

  step(forward: boolean): void {
    step(this.view, forward);
  }

  replace(words: string): void {
    if (!this.area.readOnly) replace(this.view, words);
  }

  replaceAll(words: string): number {
    return this.area.readOnly ? 0 : replaceAll(this.view, words);
  }

  /** Which block of the text stands at this height of the window, and how much of it is above. */
  blockAt(y: number): { index: number; part: number; count: number; share: number } {
    const starts = blockStarts(this.view.state);
    const at = this.view.lineBlockAtHeight(y - this.view.documentTop);
    const share = at.from / Math.max(1, this.view.state.doc.length);
    const index = Math.max(0, starts.findLastIndex((start) => start <= at.from));
    const [from, to] = [starts[index] ?? 0, starts[index + 1] ?? this.view.state.doc.length];
    const [top, bottom] = [this.view.lineBlockAt(from).top, this.view.lineBlockAt(to).top];
    const part = bottom > top ? (y - this.view.documentTop - top) / (bottom - top) : 0;
    return { index, part: Math.min(1, Math.max(0, part)), count: starts.length, share };
  }

  private extensions(): Extension[] {
    return [
      history(),
      finding,
      keymap.of(keys(this.around)),
      pasting,
      markdown,
      theme,
      directions,
      EditorView.lineWrapping,
      EditorView.updateListener.of((update) => {
        const isParsed = syntaxTree(update.state) !== syntaxTree(update.startState);
        if (!update.docChanged && (isParsed || update.heightChanged)) this.settled();
      }),
      EditorView.perLineTextDirection.of(true),
      EditorView.scrollMargins.of(() => MARGINS),
      EditorView.contentAttributes.of({
        "aria-label": "Text",
        "aria-describedby": "described",
        spellcheck: "true",
        autocorrect: "on",
        autocapitalize: "sentences",
        writingsuggestions: "true",
      }),
      this.held.of([]),
      EditorView.updateListener.of((update) => this.updated(update)),
    ];
  }

  private updated(update: ViewUpdate): void {
    if (!update.docChanged || this.isAdopting) return;
    this.mirror.changed();
    this.describe();
  }

  /** The text area got another text. */
  private adopt(text: string): void {
    const { doc } = this.view.state;
    if (this.value === text) return;
    this.isAdopting = true;
    this.view.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
    this.isAdopting = false;
    this.describe();
  }

  /** What is wrong with the text area is said of the text that stands for it. */
  private describe(): void {
    const ids = (this.area.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
    const errors = ids.map((id) => document.getElementById(id)).filter((line) => line && !line.hidden);
    const words = [...errors.map((line) => line?.textContent ?? ""), HELP].join(" ");
    if (this.description.textContent !== words) this.description.textContent = words;
    const invalid = this.area.getAttribute("aria-invalid") ?? "false";
    if (this.view.contentDOM.getAttribute("aria-invalid") !== invalid) this.view.contentDOM.setAttribute("aria-invalid", invalid);
  }
}

const own = Decoration.line({ attributes: { dir: "auto" } });

/** Each line has the direction of its first letter. */
const directions = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = visible(view);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged) this.decorations = visible(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function visible(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    for (let line = view.state.doc.lineAt(from); ; line = view.state.doc.lineAt(line.to + 1)) {
      builder.add(line.from, line.from, own);
      if (line.to >= to) break;
    }
  }
  return builder.finish();
}
