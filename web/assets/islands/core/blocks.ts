// Which blocks of a text stay: the longest run of equal ones, in order. Pure.

const MAX_CELLS = 1_000_000;

/** For each next block the index of the old one that it is, or null for a new or changed block. */
export function reuse(old: readonly string[], next: readonly string[]): (number | null)[] {
  let start = 0;
  while (start < old.length && start < next.length && old[start] === next[start]) start++;
  let tail = 0;
  while (tail < Math.min(old.length, next.length) - start && old.at(-1 - tail) === next.at(-1 - tail)) tail++;
  const middle = common(old.slice(start, old.length - tail), next.slice(start, next.length - tail));
  return next.map((_, index) => {
    if (index < start) return index;
    if (index >= next.length - tail) return index + old.length - next.length;
    const found = middle[index - start];
    return found === undefined || found === null ? null : found + start;
  });
}

function common(old: readonly string[], next: readonly string[]): (number | null)[] {
  const matched: (number | null)[] = next.map(() => null);
  if (old.length * next.length > MAX_CELLS) return matched;
  // lengths[i][j]: the longest common run of old[i..] and next[j..].
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(next.length + 1));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = next.length - 1; j >= 0; j--) {
      const longest = old[i] === next[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
      (lengths[i] as Uint32Array)[j] = longest;
    }
  }
  for (let i = 0, j = 0; i < old.length && j < next.length; ) {
    if (old[i] === next[j]) matched[j++] = i++;
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return matched;
}
