"""Notes that are meant by a few letters of their title, on a real database."""

from datetime import timedelta

import pytest
from note_api import Api, refusal
from note_builders import ANA, NOON
from notes_service.domain import limits, rules
from notes_service.domain.notes import Rendering
from notes_service.store import notes
from notes_service.store.database import Database
from notes_service.text import words

TITLES = (
    "Soup of the day",
    "Menu: soup, bread",
    "A_b and 100 % wool",
    "Crème brûlée",
    "東京の天気",
    "Grocery list",
    "Groceries for Lisa",
)


@pytest.fixture
async def written(database: Database) -> None:
    for number, title in enumerate(TITLES):
        typed = limits.Draft(title, "").checked()
        now = NOON + timedelta(seconds=number)
        note, _ = rules.create(
            f"n{number}", typed, Rendering("", "", words.of("")), by=ANA, now=now
        )
        async with database.statements() as connection:
            assert await notes.add(connection, note, [])


async def meant(api: Api, q: str, **params: object) -> list[str]:
    answer = await api.get("/titles", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return [note["title"] for note in answer.json()["notes"]]


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("so", ["Soup of the day", "Menu: soup, bread"]),
        ("SOUP", ["Soup of the day", "Menu: soup, bread"]),
        ("men so", ["Menu: soup, bread"]),
        ("so men", ["Menu: soup, bread"]),
        ("gro li", ["Groceries for Lisa", "Grocery list"]),
        ("groceries f", ["Groceries for Lisa"]),
        ("oceri", ["Groceries for Lisa"]),
        ("oc", []),
        ("brulee", ["Crème brûlée"]),
        ("creme b", ["Crème brûlée"]),
        ("天", ["東京の天気"]),
        ("a_b", ["A_b and 100 % wool"]),
        ("100 %", ["A_b and 100 % wool"]),
        ("_", []),
        ("%", []),
        ("'; --", []),
    ],
)
async def test_a_few_letters_mean_titles_with_words_that_begin_so(
    api: Api, written: None, typed: str, titles: list[str]
) -> None:
    assert await meant(api, typed) == titles


async def test_without_letters_the_last_changes_come_first(api: Api, written: None) -> None:
    assert await meant(api, " ", limit=3) == list(TITLES[:-4:-1])


async def test_a_title_that_begins_so_stands_before_newer_ones(api: Api, written: None) -> None:
    assert await meant(api, "soup", limit=1) == ["Soup of the day"]


async def test_a_deleted_note_is_not_meant(api: Api) -> None:
    await api.create("menu", title="Menu")
    assert await meant(api, "menu") == ["Menu"]
    await api.delete("menu", 1)
    assert await meant(api, "menu") == []


@pytest.mark.parametrize("q", ["x" * 201, "nul\0"])
async def test_what_cannot_be_looked_for_is_refused(api: Api, q: str) -> None:
    assert refusal(await api.get("/titles", params={"q": q})) == (422, "invalid_search")
