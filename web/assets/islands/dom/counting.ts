// How much fits into a field, counted as the services count: characters are code points, the size of a text is in UTF-8.
// Nothing is cut; what is too long is told while it is typed, and is not sent.

type Field = HTMLInputElement | HTMLTextAreaElement;

export function countAll(): void {
  for (const field of document.querySelectorAll<Field>("[data-most], [data-most-bytes]")) {
    field.addEventListener("input", () => count(field));
    if (field.value) count(field);
  }
}

/** Tell whether the field holds too much. */
export function count(field: Field): void {
  const sentence = tooLong(field);
  if (sentence === field.validationMessage) return;
  field.setCustomValidity(sentence);
  const line = lineOf(field);
  line.textContent = sentence;
  line.hidden = sentence === "";
  field.setAttribute("aria-invalid", String(sentence !== ""));
}

function tooLong({ dataset, value }: Field): string {
  const [most, bytes] = [Number(dataset["most"] ?? Infinity), Number(dataset["mostBytes"] ?? Infinity)];
  if (value.length <= Math.min(most, bytes / 3)) return "";
  const over = most < Infinity ? [...value.trim()].length - most : 0;
  if (over > 0) return `At most ${most} characters. These are ${over} too many.`;
  const size = new TextEncoder().encode(value).length;
  return size > bytes ? `At most ${bytes / 1024} KiB. This text has ${Math.ceil(size / 1024)}.` : "";
}

function lineOf(field: Field): HTMLElement {
  const id = `${field.id}-count`;
  const known = document.getElementById(id);
  if (known) return known;
  const line = document.createElement("p");
  Object.assign(line, { id, className: "field-error" });
  field.after(line);
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
  return line;
}
