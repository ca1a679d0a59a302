// What this browser keeps for the site. Where it may keep nothing (site data blocked, storage broken), every page
// works all the same: nothing is found, and whoever writes learns that nothing is kept.

export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const NOWHERE: Store = {
  length: 0,
  key: () => null,
  getItem: () => null,
  removeItem: () => {},
  setItem: () => {
    throw new Error("this browser keeps nothing");
  },
};

/** Even to ask for it may throw; some browsers answer null. */
function opened(which: () => Storage): Store {
  try {
    const store = which();
    store.getItem("notes:");
    return store;
  } catch {
    return NOWHERE;
  }
}

export const local = opened(() => localStorage);
export const session = opened(() => sessionStorage);
export const keepsNothing = session === NOWHERE;

/** False when there is no room for it. */
export function remember(store: Store, name: string, value: string): boolean {
  try {
    store.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

export function names(store: Store): string[] {
  return Array.from({ length: store.length }, (_, index) => store.key(index) ?? "");
}
