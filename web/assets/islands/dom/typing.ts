// Texts that somebody is writing on this page, and jumps that leave it by themselves.

import { Deafness } from "../core/deafness.js";
import { keepsNothing, remember, session } from "./storage.js";

const JUMPED = "notes:jumped";
const LINES = "input[type=search], input[type=text], input:not([type])";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** What would be lost, or torn in two, if the page left now. */
export function hasTyped(): boolean {
  return [...document.querySelectorAll<Field>(`textarea, ${LINES}`)].some(isTyped);
}

function isTyped(field: Field): boolean {
  if (field.hidden || field.readOnly || field.value.trim() === "") return false;
  // A text that a form brought back is somebody's, too; what stands in a line from the start is not.
  return field instanceof HTMLTextAreaElement || field.value !== field.defaultValue;
}

/** The page goes by itself, perhaps while somebody types. */
export function jump(leave: () => void): void {
  remember(session, JUMPED, "yes");
  leave();
}

export function ears(): Deafness {
  const jumped = keepsNothing || session.getItem(JUMPED) !== null;
  session.removeItem(JUMPED);
  return new Deafness(jumped, performance.now());
}
