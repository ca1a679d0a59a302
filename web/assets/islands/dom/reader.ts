// Who reads this page.

export const reader = {
  id: document.body.dataset["account"] ?? "",
  isAdmin: document.body.dataset["admin"] === "yes",
  writes: document.body.dataset["writes"] === "yes",
};

export function isOther(person: { id: string }): boolean {
  return person.id !== reader.id;
}

export function may(author: { id: string }): boolean {
  return reader.writes && (reader.isAdmin || (reader.id !== "" && author.id === reader.id));
}
