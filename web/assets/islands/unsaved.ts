// Text that was never saved, found again from the home page: one link for each.

import { Drafts } from "./core/drafts.js";
import { path, unsavedItem } from "./dom/fill.js";
import { reader } from "./dom/reader.js";

const MOST = 3;

export function showUnsaved(): void {
  const box = document.getElementById("unsaved");
  if (!box || reader.id === "") return;
  const texts = new Drafts(localStorage, reader.id).all().filter(({ title, body }) => title || body);
  box.hidden = texts.length === 0;
  const items = texts.slice(0, MOST).map(({ note, title, at }) => {
    return unsavedItem(title || "Without a title", note ? path(note, "edit") : "/notes/add", at);
  });
  box.querySelector("ul")?.replaceChildren(...items);
}
