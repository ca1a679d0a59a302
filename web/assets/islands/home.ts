// The home page: the list, live.

import { List } from "./list.js";
import { Live } from "./live.js";
import "./site.js";

const list = document.getElementById("notes");
if (list) new Live([new List(list)]);
