// The home page: the list, live.

import { List } from "./list.js";
import { Live } from "./live.js";
import "./site.js";
import { showUnsaved } from "./unsaved.js";

showUnsaved();
// Back from the editor, or from another window.
document.addEventListener("visibilitychange", showUnsaved);

const list = document.getElementById("notes");
if (list) new Live([new List(list)]);
