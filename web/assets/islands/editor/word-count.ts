// How many words the text has, told once its writer pauses.

const PAUSE_MS = 300;
/** Scripts that are written without spaces count by sign. */
const WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}\p{M}])+(?:['’\-](?=[\p{L}\p{N}])(?:[\p{L}\p{N}\p{M}])+)*/gu;

export function countWords(text: string): number {
  return text.match(WORDS)?.length ?? 0;
}

export function showWords(area: HTMLTextAreaElement): void {
  const line = document.getElementById("word-count");
  if (!line) return;
  const format = new Intl.NumberFormat(document.documentElement.lang);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    const words = countWords(area.value);
    line.textContent = `${format.format(words)} ${words === 1 ? "word" : "words"}`;
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(tell, PAUSE_MS);
  });
  tell();
}
