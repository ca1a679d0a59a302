// The only way for HTML into this document: what notes-service rendered and sanitised, through one policy.

interface Policy {
  createHTML(html: string): unknown;
}
interface Factory {
  createPolicy(name: string, rules: { createHTML: (html: string) => string }): Policy;
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy: Policy = factory?.createPolicy("note-body", { createHTML: (html) => html }) ?? {
  createHTML: (html) => html,
};

/** The nodes of a sanitised text. */
export function nodesOf(html: string): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html) as string;
  return template.content;
}
