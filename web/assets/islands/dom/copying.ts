// Copying from a note: a block of code, the link to a heading. Made here, so none of it is there without scripts.

import { announce } from "./feedback.js";

const SAYS_MS = 2_000;

/** Put the code into a frame with a button that copies it; the frame is where the code was. */
export function offerCopy(code: HTMLElement): HTMLElement {
  const frame = document.createElement("div");
  frame.className = "code";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy code");
  button.addEventListener("click", () => void copyCode(code, button));
  code.replaceWith(frame);
  frame.append(code, button);
  return frame;
}

async function copyCode(code: HTMLElement, button: HTMLElement): Promise<void> {
  // A command that is pasted waits for its person to press Enter.
  const isCopied = await copy((code.textContent ?? "").replace(/\n$/, ""), code);
  button.textContent = isCopied ? "Copied" : "Selected";
  const told = isCopied ? "Copied." : "The code is selected: copy it with your keyboard.";
  announce(told, told);
  setTimeout(() => (button.textContent = "Copy"), SAYS_MS);
}

/** The link goes to the heading as any does; its address is on the clipboard, too. */
export function offerLink(heading: HTMLElement): void {
  const said = (heading.textContent ?? "").trim();
  const link = document.createElement("a");
  link.className = "anchor";
  link.href = `#${encodeURIComponent(heading.id)}`;
  link.setAttribute("aria-label", `Link to “${said}”`);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    void copy(link.href).then((isCopied) => {
      if (isCopied) announce("Link copied.", "Link copied.");
    });
  });
  heading.append(link);
  // The heading is called what it says, without its link.
  if (said) heading.setAttribute("aria-label", said);
}

/** Whether the text is on the clipboard; `shown`, what may be selected for it. */
async function copy(text: string, shown?: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain http has no clipboard for scripts.
    if (!shown) return false;
    getSelection()?.selectAllChildren(shown);
    return document.execCommand("copy");
  }
}
