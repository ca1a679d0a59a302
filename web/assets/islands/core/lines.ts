// Two texts compared by line, with long runs that are the same folded. Pure.

import { reuse } from "./blocks.js";

export interface Line {
  kind: "same" | "removed" | "added" | "folded";
  text: string;
}

/** How much of what is the same is shown around a change. */
const AROUND = 2;

export function compare(before: string, after: string): Line[] {
  const [old, next] = [before.split("\n"), after.split("\n")];
  const lines: Line[] = [];
  let [left, added]: [number, string[]] = [0, []];
  const change = (end: number) => {
    lines.push(...old.slice(left, end).map((text): Line => ({ kind: "removed", text })));
    lines.push(...added.map((text): Line => ({ kind: "added", text })));
    [left, added] = [end, []];
  };
  reuse(old, next).forEach((from, index) => {
    const text = next[index] ?? "";
    if (from === null) return void added.push(text);
    change(from);
    left++;
    lines.push({ kind: "same", text });
  });
  change(old.length);
  return folded(lines);
}

function folded(lines: Line[]): Line[] {
  const shown: Line[] = [];
  for (let start = 0; start < lines.length; ) {
    let end = start;
    while (lines[end]?.kind === "same") end++;
    if (end === start) shown.push(lines[start++] as Line);
    else {
      const head = start === 0 ? 0 : AROUND;
      const tail = end === lines.length ? 0 : AROUND;
      const hidden = end - start - head - tail;
      if (hidden < 2) shown.push(...lines.slice(start, end));
      else {
        shown.push(...lines.slice(start, start + head));
        shown.push({ kind: "folded", text: `${hidden} lines that are the same` });
        shown.push(...lines.slice(end - tail, end));
      }
      start = end;
    }
  }
  return shown;
}
