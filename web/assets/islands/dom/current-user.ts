// Who reads this page.

export const currentUser = {
  id: document.body.dataset["account"] ?? "",
  isAdmin: document.body.dataset["admin"] === "yes",
  writes: document.body.dataset["writes"] === "yes",
};

export function isOther(person: { id: string }): boolean {
  return person.id !== currentUser.id;
}

export function may(author: { id: string }): boolean {
  return currentUser.writes && (currentUser.isAdmin || (currentUser.id !== "" && author.id === currentUser.id));
}
