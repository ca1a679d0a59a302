"""Promise: what people write is shown and never run (stored and live cross-site scripting).

The whole corpus goes through every place that shows somebody's text, by the first load and by
the live path. A string that ran would have called `pwned()`; a string that became markup would
not be shown literally. Both are counted in the browser, and so is every refusal by the policy.
"""

from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser_pages import OpenWindow, Window, open_window
from conditions import eventually
from people import Person
from playwright.sync_api import Browser, expect
from text_field import text_field
from wired_stack import WiredStack

pytestmark = pytest.mark.browser

_LINES = Path(__file__).with_name("xss_corpus.txt").read_text("utf-8").split("\n")
CORPUS = [line.replace("⏎", "\n") for line in _LINES if line and not line.startswith("== ")]

# One of each kind: out of text, out of an attribute, a handler, a template, a link.
NAMES = [
    "<script>pwned()</script>",
    "<img src=x onerror=pwned()>",
    '"><svg onload=pwned()>',
    '" autofocus onfocus="pwned()',
    "' onmouseover='pwned()'",
    "{{7*7}}{{pwned()}}",
    "</title><script>pwned()</script>",
    "javascript:pwned()",
]

# Reports markup that a note may not contain, now and after each change.
_INSPECT = """
(body) => {
  // What the page itself adds: a button in the frame of code, with our words and nothing else.
  const isOurs = (element) =>
    element.matches(".code > pre + button.copy:not(:has(*))")
    && /^(Copy|Copied|Selected)$/.test(element.textContent)
    && [...element.attributes].every(({ name }) => /^(type|class|aria-label)$/.test(name));
  const mayHave = (element, id) =>
    element.matches("h1,h2,h3,h4,h5,h6") ? /^h-/.test(id)
    : element.matches("sup > a") ? /^fn-\\d+-ref/.test(id)
    : element.matches(".footnotes li") && /^fn-\\d+$/.test(id);
  const inspect = () => {
    for (const element of body.querySelectorAll("*")) {
      if (element.matches(`script, style, iframe, object, embed, form, base, meta, link, svg,
                           math, template, textarea, button, select, dialog, video, audio`)
          && !isOurs(element))
        window.problems.push(`note shows ${element.outerHTML}`);
      for (const { name, value } of element.attributes)
        if (name.startsWith("on") || /^(style|srcdoc)$/.test(name)
            || (name === "id" && !mayHave(element, value))
            || /^[\\s\\u0000-\\u001f]*(javascript|vbscript|data:text)/i.test(value))
          window.problems.push(`note shows ${name}="${value}"`);
    }
  };
  inspect();
  window.inspected = 0;
  new MutationObserver(() => { window.inspected += 1; inspect(); })
    .observe(body, { childList: true, subtree: true });
}
"""


def inspect(window: Window) -> None:
    window.page.locator("#note-body").evaluate(_INSPECT)


def shown_titles(window: Window) -> dict[str, str]:
    return {key: title for key, _, title in window.rows()}


def _shows(window: Window, titles: dict[str, str]) -> bool:
    return titles.items() <= shown_titles(window).items()


def every_page_of_the_list(window: Window) -> dict[str, str]:
    titles: dict[str, str] = {}
    path = "/"
    while path:
        window.go(path)
        titles |= shown_titles(window)
        older = window.page.locator("#older")
        path = older.get_attribute("href") or "" if older.count() else ""
    return titles


def test_the_corpus_is_large_and_has_no_doubles() -> None:
    assert len(CORPUS) == len(set(CORPUS)) >= 200


@pytest.mark.parametrize(
    "deed",
    [
        "pwned()",
        "setTimeout('pwned()')",
        "document.body.append(Object.assign(new Image(), { src: 'https://elsewhere.test/x' }))",
        "document.querySelector('#note-body').setAttribute('onclick', 'pwned()')",
        "document.querySelector('#note-body').append(document.createElement('form'))",
    ],
)
def test_the_watch_over_a_page_notices(
    browser: Browser, stack: WiredStack, ana: Person, deed: str
) -> None:
    """A watch that cannot fail would guard nothing."""
    watched = open_window(browser, stack.url)
    watched.go(f"/notes/{ana.create('Menu', 'Soup')['key']}")
    inspect(watched)
    assert watched.all_problems() == []
    watched.page.evaluate(f"() => {{ try {{ {deed} }} catch {{ }} }}")
    eventually(watched.all_problems)
    watched.context.close()


def test_promise_titles_and_excerpts_are_text_in_the_live_list_and_in_the_first_load(
    window: OpenWindow, ana: Person
) -> None:
    home = window()
    home.watch_home()
    wanted: dict[str, str] = {}
    for start in range(0, len(CORPUS), 40):
        for text in CORPUS[start : start + 40]:
            note = ana.create(" ".join(text.split()), text)
            wanted[note["key"]] = note["title"]
        # Live: the newest of them stand in the list, as they were written.
        newest = dict(list(wanted.items())[-20:])
        eventually(partial(_shows, home, newest))
    assert len(set(wanted.values())) > 190  # nothing was cut down to nothing
    assert home.is_same_document()
    assert wanted.items() <= every_page_of_the_list(window()).items()


def test_promise_a_body_never_becomes_script_when_it_arrives_live(
    window: OpenWindow, ana: Person
) -> None:
    key = ana.create("Menu")["key"]
    note = window()
    note.watch_note(key)
    inspect(note)
    for version, text in enumerate(CORPUS, start=1):
        ana.save(key, version=version, title="Menu", body=text)
    ana.save(key, version=len(CORPUS) + 1, title="Menu", body="the **last** one")
    expect(note.body).to_have_text("the last one")
    assert note.is_same_document()
    assert note.page.evaluate("window.inspected") > 100


def test_promise_a_body_never_becomes_script_in_the_first_load(
    window: OpenWindow, ana: Person
) -> None:
    note = window()
    for start in range(0, len(CORPUS), 6):
        # Apart from each other: an open comment in one must not hide the next.
        body = "\n\n- - -\n\n".join(CORPUS[start : start + 6])
        note.go(f"/notes/{ana.create('Menu', body)['key']}")
        inspect(note)
    assert note.all_problems() == []


class _Read(HTMLParser):
    """What a person reads of sanitised HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data


def _shows_harmless_marks_only(note: Window) -> None:
    marks = note.page.locator(".comment-text *").evaluate_all(
        "all => all.map(each => [each.localName, ...each.getAttributeNames()].join(' '))"
    )
    assert set(marks) <= {"a href rel", "a href title rel", "code", "em", "s", "strong"}


def test_promise_comments_are_text_when_they_arrive_live_and_in_the_first_load(
    window: OpenWindow, ana: Person
) -> None:
    key = ana.create("Menu")["key"]
    note = window()
    note.watch_note(key)
    made = [ana.comment(key, text) for text in CORPUS]
    assert [said["text"] for said in made] == [text.strip() for text in CORPUS]
    # Marks of Markdown are not read; most of these texts have none, and stand there whole.
    read = [_Read(said["html"]).text for said in made]
    whole = [text for text, said in zip(read, made, strict=True) if text == said["text"]]
    assert len(whole) > 0.9 * len(CORPUS)
    wanted = read[-20:]
    # The page holds a bounded part of them; who reads the first ones asks for the newest.
    note.page.locator("#later").click()
    eventually(lambda: note.comments.all_text_contents()[-20:] == wanted)
    assert note.is_same_document()

    note.reload()
    shown = note.comments.all_text_contents()
    _shows_harmless_marks_only(note)
    while earlier := note.page.locator("#earlier").get_attribute("href"):
        note.go(earlier)
        shown = note.comments.all_text_contents() + shown
        _shows_harmless_marks_only(note)
    assert [text.strip() for text in shown] == [text.strip() for text in read]
    assert note.all_problems() == []


def test_promise_names_are_text_wherever_a_person_is_named(
    window: OpenWindow, stack: WiredStack, ana: Person
) -> None:
    key = ana.create("Menu")["key"]
    home, note, own = window(), window(), window()
    home.watch_home()
    note.watch_note(key)
    for name in NAMES:
        person = stack.people.sign_up(name)
        own.sign_in(person)
        own.go("/")
        expect(own.page.locator(".who-name")).to_have_text(name)
        written = person.create("By a strange name")["key"]
        expect(home.row(written).locator("[data-field=author]")).to_have_text(name)
        person.comment(key, f"I am {name}")
        said = note.page.locator("#comment-list [data-comment]").last
        expect(said.locator("[data-field=author]")).to_have_text(name)
        version = ana.read(key)["version"]
        person.save(key, version=version, title=f"Menu by {name}", body="Soup")
        expect(note.page.locator("#note-editor")).to_have_text(name)
    # The last one deletes what is looked at: the message names him.
    person.delete(key, version=ana.read(key)["version"])
    note.page.wait_for_url(f"{note.url}/")
    expect(note.toasts).to_contain_text(f"deleted by {NAMES[-1]}")


def test_promise_every_page_that_repeats_a_text_repeats_it_as_text(
    window: OpenWindow, ana: Person, ben: Person
) -> None:
    """Forms, the conflict page, deletion, trash, search, errors: one hard string in each."""
    hard = "\"'></title></textarea></script><script>pwned()</script><img src=x onerror=pwned()>"
    page = window(ben)
    key = ana.create(hard, hard)["key"]

    page.go(f"/notes/{key}/edit")
    expect(page.page.locator("#body")).to_have_value(hard)
    text_field(page.page).fill(hard + " mine")
    ana.save(key, version=1, title=hard, body=hard + " theirs")
    page.save()
    expect(page.page.locator("#theirs")).to_have_text(hard + " theirs")
    expect(page.page.locator("#mine")).to_have_value(hard + " mine")
    page.page.get_by_role("button", name="Merge by hand").click()
    expect(page.page.locator("#title")).to_have_value(hard)

    page.go(f"/notes/{key}/delete")
    expect(page.page.locator("h1")).to_contain_text(hard)
    page.page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.toasts).to_contain_text(hard)
    page.go("/trash")
    expect(page.page.locator(f'#trash [data-key="{key}"]')).to_contain_text(hard)

    page.go("/")
    page.page.fill("#q", hard)
    page.page.press("#q", "Enter")
    expect(page.page.locator("#empty")).to_contain_text(hard)
    for path in ("/notes/<script>pwned()<%2fscript>", "/users/login?next=/<script>pwned()"):
        page.go(path)
