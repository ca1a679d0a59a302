"""Ticking a task: the one that was seen, or none."""

import re
from zlib import crc32

import pytest
from browsing import Form
from fake_backends import ANA, BEN, EVA
from notes_web.text import tasks


def shown(body: str) -> str:
    """The boxes of a body, as notes-service renders them."""
    made = []
    for number, line in enumerate(body.split("\n")):
        if found := re.match(r"[\s>*+.)\d-]*\[[ xX]\](?=\s)", line):
            name = f"{crc32(line[found.end() :].strip().encode()):08x}"
            made.append(f'<input disabled="" data-line="{number}" data-task="{name}" type="x">')
    return "".join(made)


def name_of(said: str) -> str:
    return f"{crc32(said.encode()):08x}"


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("- [ ] Soup", "- [x] Soup"),
        ("  * [X] Soup", "  * [X] Soup"),
        ("> 12. [ ] [ ] Soup", "> 12. [x] [ ] Soup"),
        ("- [ ](x) Soup", "- [ ](x) Soup"),
        ("Soup [ ] and", "Soup [ ] and"),
    ],
)
def test_only_the_mark_changes(line: str, done: str):
    body = f"a\n{line}\n- [ ] b"
    assert tasks.marked(body, 1, is_done=True) == f"a\n{done}\n- [ ] b"


def test_a_mark_is_taken_away_and_a_line_that_is_not_there_changes_nothing():
    assert tasks.marked("- [X] a", 0, is_done=False) == "- [ ] a"
    assert tasks.marked("- [ ] a", 7, is_done=True) == "- [ ] a"


def test_a_task_is_known_by_its_place_among_those_of_its_name():
    html = shown("- [ ] a\n- [ ] b\n- [ ] a\n- [x] c")
    assert tasks.line_of(html, name_of("a"), place=1, alike=2) == 2
    assert tasks.line_of(html, name_of("c"), place=0, alike=1) == 3
    # One of them has gone, or come, since the reader looked.
    assert tasks.line_of(html, name_of("a"), place=1, alike=3) is None
    assert tasks.line_of(html, name_of("a"), place=0, alike=1) is None
    assert tasks.line_of(html, name_of("a"), place=2, alike=2) is None
    assert tasks.line_of(html, name_of("gone"), place=0, alike=0) is None


def put(backends, body: str, by=ANA) -> None:
    backends.notes.put("menu", "Menu", body, by, html=shown(body))


async def ticked(browser, said: str, place: int = 0, alike: int = 1):
    page = await browser.get("/notes/menu")
    token = re.search(r'name="form-token" content="([^"]*)"', page.text)
    assert token
    task = {"task": name_of(said), "place": str(place), "alike": str(alike)}
    form = task | {"checked": "yes", "csrf": token[1]}
    return await browser.submit(Form("/notes/menu/tick", form))


async def test_promise_of_tasks_of_one_name_the_one_that_was_seen_is_ticked(browse, backends):
    put(backends, "- [ ] todo\n- [ ] todo")
    put(backends, "- [ ] new\n- [ ] todo\n- [ ] todo", BEN)
    await ticked(browse(ANA), "todo", 1, 2)
    assert backends.notes.notes["menu"]["body"] == "- [ ] new\n- [ ] todo\n- [x] todo"
    put(backends, "- [ ] todo\n- [ ] todo\n- [ ] todo", BEN)
    page = await ticked(browse(ANA), "todo", 1, 2)
    assert page.status == 409
    assert "x" not in backends.notes.notes["menu"]["body"]


async def test_a_tick_is_a_save_of_the_text_that_is_there(browse, backends):
    put(backends, "- [ ] a\n- [ ] b", BEN)
    page = await ticked(browse(ANA), "b")
    note = backends.notes.notes["menu"]
    assert (page.status, page.path) == (200, "/notes/menu")
    assert (note["body"], note["version"], note["editor"]["name"]) == (
        "- [ ] a\n- [x] b",
        2,
        "Ana",
    )


async def test_a_tick_twice_is_one_version(browse, backends):
    put(backends, "- [x] a")
    await ticked(browse(ANA), "a")
    assert backends.notes.notes["menu"]["version"] == 1


async def test_a_task_that_moved_is_found_and_one_that_changed_is_not_ticked(browse, backends):
    put(backends, "- [ ] new\n- [ ] a")
    await ticked(browse(ANA), "a")
    assert backends.notes.notes["menu"]["body"] == "- [ ] new\n- [x] a"
    put(backends, "- [ ] something else")
    page = await ticked(browse(ANA), "a")
    assert (page.status, "This task was changed" in page.text) == (409, True)
    assert backends.notes.notes["menu"]["body"] == "- [ ] something else"


async def test_promise_two_who_tick_different_tasks_at_once_both_do(browse, backends):
    put(backends, "- [ ] a\n- [ ] b")
    is_stale = backends.notes._stale

    def somebody_is_quicker(request):
        backends.notes._stale = is_stale
        put(backends, "- [x] a\n- [ ] b", BEN)
        return is_stale(request)

    backends.notes._stale = somebody_is_quicker
    page = await ticked(browse(ANA), "b")
    assert page.status == 200
    assert backends.notes.notes["menu"]["body"] == "- [x] a\n- [x] b"
    assert backends.notes.notes["menu"]["version"] == 3


async def test_a_reader_ticks_nothing(browse, backends):
    put(backends, "- [ ] a")
    page = await ticked(browse(EVA), "a")
    assert page.status == 403
    assert backends.notes.notes["menu"]["version"] == 1
