// Debug areas, off unless localStorage.debug names them, as in the original: "notes:*", "notes:live,notes:rows".

export function isOn(patterns: string, area: string): boolean {
  const named = (pattern: string) => {
    const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(area);
  };
  const all = patterns.split(/[\s,]+/).filter(Boolean);
  const refused = all.filter((pattern) => pattern.startsWith("-")).map((pattern) => pattern.slice(1));
  return !refused.some(named) && all.some((pattern) => !pattern.startsWith("-") && named(pattern));
}

export function area(name: string): (...facts: unknown[]) => void {
  let patterns = "";
  try {
    patterns = localStorage.getItem("debug") ?? "";
  } catch {
    // No storage, no tracing.
  }
  if (!isOn(patterns, name)) return () => {};
  return (...facts) => console.debug(`%c${name}`, "font-weight: bold", ...facts);
}
