// Is the server there, this moment? A form that is sent into the void is replaced by the browser's error page, and
// with it everything that was typed; so it is asked first.

const PATIENCE_MS = 4_000;

export async function isReachable(patienceMs = PATIENCE_MS): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(Math.max(1, Math.min(patienceMs, PATIENCE_MS)));
    return (await fetch("/live/reach", { cache: "no-store", signal })).ok;
  } catch {
    return false;
  }
}

const asking = new WeakSet<HTMLFormElement>();
const sure = new WeakSet<HTMLFormElement>();

/**
 * Forms with somebody's text in them, and all while the connection is lost, leave the page only when they will
 * arrive; else the form hears "unsent".
 */
export function guardForms(isLost: () => boolean, unsent: () => void): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method !== "post" || sure.delete(form)) return;
    if (!form.querySelector("textarea:not([hidden])") && !isLost()) return;
    event.preventDefault();
    if (!asking.has(form)) void send(form, event.submitter as HTMLButtonElement | null, unsent);
  });
}

async function send(form: HTMLFormElement, button: HTMLButtonElement | null, unsent: () => void): Promise<void> {
  asking.add(form);
  const there = await isReachable();
  asking.delete(form);
  if (!form.isConnected) return;
  if (there) {
    sure.add(form);
    form.requestSubmit(button?.isConnected ? button : null);
    // What its own checks refused is asked about again next time.
    sure.delete(form);
  } else if (form.dispatchEvent(new Event("unsent", { cancelable: true }))) {
    unsent();
  }
}

/** A link leads away from a page that can still be read: while the connection is lost, it is asked first. */
export function guardLinks(isLost: () => boolean, unsent: () => void): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
    const plain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (event.defaultPrevented || !plain || !link || link.target || !leads(link) || !isLost()) return;
    event.preventDefault();
    void isReachable().then((there) => (there ? location.assign(link.href) : unsent()));
  });
}

/** To another page of this site. */
function leads(link: HTMLAnchorElement): boolean {
  const isAnchor = link.hash !== "" && link.pathname === location.pathname && link.search === location.search;
  return link.origin === location.origin && !isAnchor;
}
