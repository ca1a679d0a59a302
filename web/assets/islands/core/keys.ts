// Which command a key gives, whatever the layout of the keyboard and CapsLock. Pure.

export interface Pressed {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** Letters of other scripts, combining signs among them; the names of keys ("Enter") are Latin. */
const FOREIGN = /^[\p{L}\p{M}]+$/u;
const LATIN = /\p{Script=Latin}/u;
/** What a key is called while a method of input has it. */
const UNNAMED = ["Process", "Unidentified", "Dead"];

/** The Latin letter on the key, small; other keys as they are called. Where letters are Latin, the layout decides. */
export function letter({ key, code }: Pressed): string {
  const isForeign = (FOREIGN.test(key) && !LATIN.test(key)) || UNNAMED.includes(key);
  const place = /^Key([A-Z])$/.exec(code)?.[1];
  if (isForeign && place) return place.toLowerCase();
  return [...key].length === 1 ? key.toLowerCase() : key;
}

/** Ctrl+S, or Cmd+S; AltGr is Ctrl+Alt, and writes. */
export function isSave(event: Pressed): boolean {
  return isCommand(event) && !event.shiftKey && letter(event) === "s";
}

/** Ctrl+Enter, or Cmd+Enter. */
export function isSend(event: Pressed): boolean {
  return isCommand(event) && event.key === "Enter";
}

/** Ctrl+K, or Cmd+K. */
export function isQuickOpen(event: Pressed): boolean {
  return isCommand(event) && !event.shiftKey && letter(event) === "k";
}

/** A key by itself; "" where it is none. */
export function single(event: Pressed): string {
  if (event.ctrlKey || event.metaKey || event.altKey) return "";
  const key = letter(event);
  return event.shiftKey && /^[a-z]$/.test(key) ? "" : key;
}

function isCommand({ ctrlKey, metaKey, altKey }: Pressed): boolean {
  return (ctrlKey || metaKey) && !altKey;
}
