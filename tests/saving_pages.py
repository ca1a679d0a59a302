"""Pages with scripts that save without pause, as people with Ctrl+S and comments would.

The pages' own scripts do all of it; what is put beside them types, presses the key, and writes
down what the page told and when. A save has failed if its page did not say "saved" in time.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

PROMISED_SECONDS: Final = 15.0
"""Within this time a page ends at "saved", whatever was restarted meanwhile."""

# Every try of a form is counted; before the page's own scripts come.
_COUNT: Final = """
window.tries = 0;
const ask = window.fetch;
window.fetch = (url, options) => {
  if (options?.method === "POST" && /\\/(edit|comments)$/.test(String(url))) window.tries += 1;
  return ask(url, options);
};
"""
_GO_ON: Final = """
  const until = async (is) => { while (!is()) await new Promise((go) => setTimeout(go, 20)); };
  window.ended = [];
  window.goesOn = true;
  window.going = (async () => {
    for (let number = 1; window.goesOn; number++) {
      const began = performance.now(), tries = window.tries;
      const said = await once(`${name} ${number}`, until);
      const milliseconds = performance.now() - began;
      window.ended.push({ ...said, milliseconds, tries: window.tries - tries });
      const rest = Math.max(0, every - (performance.now() - began));
      await new Promise((go) => setTimeout(go, rest));
    }
  })();
"""
_SAVE: Final = (
    """([name, every]) => {
  const [title, state] = ["title", "edit-state"].map((id) => document.getElementById(id));
  const version = () => Number(document.querySelector("#edit-form [name=version]").value);
  const key = { key: "s", ctrlKey: true, bubbles: true, cancelable: true };
  const isSaved = () => state.dataset.state === "saved";
  const over = () => isSaved() || /^(Not saved,|No answer,)/.test(state.textContent);
  const once = async (text, until) => {
    const base = version();
    title.value = text;
    title.dispatchEvent(new InputEvent("input", { bubbles: true }));
    document.dispatchEvent(new KeyboardEvent("keydown", key));
    await until(over);
    const saved = isSaved(), words = state.textContent;
    // Who was told that nobody knows presses again; that is not this save any more.
    while (!isSaved()) {
      document.dispatchEvent(new KeyboardEvent("keydown", key));
      await until(over);
    }
    return { text, base, version: version(), saved, words };
  };"""
    + _GO_ON
    + "}"
)
_SAY: Final = (
    """([name, every]) => {
  const [box, line] = ["text", "text-error"].map((id) => document.getElementById(id));
  const form = document.getElementById("comment-form");
  const button = form.querySelector("button");
  const over = () => !button.disabled && (box.value === "" || /kept on/.test(line.textContent));
  const once = async (text, until) => {
    box.value = text;
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    form.requestSubmit();
    await until(over);
    const saved = box.value === "", words = line.textContent;
    while (box.value !== "") {
      form.requestSubmit();
      await until(over);
    }
    return { text, base: 0, version: 0, saved, words };
  };"""
    + _GO_ON
    + "}"
)


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody signed in, by the session's cookie, and the note that this page is about."""

    session: str
    key: str


@dataclass(frozen=True, slots=True)
class Save:
    """What became of one save or comment. `words` are what the page told at its end."""

    key: str
    text: str
    base: int
    version: int
    seconds: float
    tries: int
    words: str
    has_failed: bool


class SavingPages:
    """Used as a context. `every` is the time between two saves of one page, in seconds."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        writers: Sequence[Author],
        talkers: Sequence[Author] = (),
        every: float = 1.0,
    ) -> None:
        self._browser, self._url, self._every = browser, url, every
        self._writers, self._talkers = writers, talkers
        self._pages: list[tuple[Author, Page]] = []
        self._contexts: list[BrowserContext] = []

    def __enter__(self) -> Self:
        for author in self._writers:
            self._open(author, f"/notes/{author.key}/edit")
        for author in self._talkers:
            self._open(author, f"/notes/{author.key}")
        for number, (author, page) in enumerate(self._pages):
            script = _SAVE if number < len(self._writers) else _SAY
            page.evaluate(script, [f"{author.key} {number}", 1000 * self._every])
        return self

    def __exit__(self, *_: object) -> None:
        for context in self._contexts:
            context.close()

    def more(self, saves: int, *, within: float = 90) -> None:
        """Wait until every page has ended so many more saves."""
        wanted = [self._ended(page) + saves for _, page in self._pages]
        deadline = time.monotonic() + within
        for (author, page), count in zip(self._pages, wanted, strict=True):
            while self._ended(page) < count:
                assert time.monotonic() < deadline, f"{author.key}: {self._shown(page)}"
                page.wait_for_timeout(50)

    def stop(self) -> list[Save]:
        """All that was saved; no page saves any more."""
        for _, page in self._pages:
            page.evaluate("() => { window.goesOn = false; }")
        for _, page in self._pages:
            page.evaluate("() => window.going")
        return [
            _save(author.key, ended)
            for author, page in self._pages
            for ended in page.evaluate("() => window.ended")
        ]

    def _open(self, author: Author, path: str) -> None:
        context = self._browser.new_context(locale="en-GB")
        self._contexts.append(context)
        cookie = {"name": "notes_session", "value": author.session, "url": self._url}
        context.add_cookies([cookie | {"httpOnly": True, "sameSite": "Lax"}])  # type: ignore[list-item]
        context.add_init_script(_COUNT)
        page = context.new_page()
        page.goto(self._url + path)
        self._pages.append((author, page))

    def _ended(self, page: Page) -> int:
        try:
            return int(page.evaluate("() => window.ended.length"))
        except PlaywrightError as error:
            raise AssertionError(f"a page left: {self._shown(page)}") from error

    def _shown(self, page: Page) -> str:
        return f"{page.url}: {page.inner_text('body')[:500]!r}"


def _save(key: str, ended: dict[str, Any]) -> Save:
    seconds = ended["milliseconds"] / 1000
    return Save(
        key=key,
        text=ended["text"],
        base=ended["base"],
        version=ended["version"],
        seconds=seconds,
        tries=ended["tries"],
        words=ended["words"],
        has_failed=not ended["saved"] or seconds > PROMISED_SECONDS,
    )


def told(what: str, saves: Iterable[Save]) -> str:
    """One line of figures."""
    saves = list(saves)
    longest = max((save.seconds for save in saves), default=0.0)
    failed = sum(save.has_failed for save in saves)
    repeated = sum(save.tries > 1 for save in saves)
    return (
        f"{what}: {len(saves)} saves, {failed} failed, "
        f"{repeated} sent more than once, longest {longest:.1f} s"
    )
