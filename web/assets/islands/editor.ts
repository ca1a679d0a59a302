// The page on which a note is written: its parts, put together.

import { Drafts } from "./core/drafts.js";
import { currentUser } from "./dom/current-user.js";
import { local } from "./dom/storage.js";
import { Editor } from "./editor/editor.js";
import { FieldChoice } from "./editor/field-choice.js";
import { Preview } from "./editor/preview.js";
import { inStep } from "./editor/scrolling.js";
import { showWords } from "./editor/word-count.js";
import { WritingForm } from "./editor/writing-form.js";
import { Live } from "./live.js";
import { offerDraft } from "./recovery.js";
import { RemoteChanges } from "./remote-changes.js";
import { watchWriters } from "./writers.js";
import "./site.js";

const element = document.querySelector<HTMLFormElement>("#edit-form, #conflict-form, #deleted-form");
if (element) {
  const form = new WritingForm(element);
  // Before the editor: what only previews is not saved.
  const preview = form.isEditor ? new Preview(form, () => editor.logInFirst()) : null;
  const editor = new Editor(form);
  if (preview) {
    offerDraft(editor, new Drafts(local, currentUser.id));
    const choice = new FieldChoice(form);
    preview.drawn = inStep(() => choice.rich, preview);
    showWords(element.elements.namedItem("body") as HTMLTextAreaElement);
  }
  const live = new Live([], (link) => editor.watch(link));
  const follow = () => {
    editor.remoteChanges = new RemoteChanges(editor.note, () => editor);
    live.add(editor.remoteChanges);
    watchWriters(live, editor.note);
  };
  if (form.isEditor && editor.note !== "") follow();
  editor.onMade = follow;
}
