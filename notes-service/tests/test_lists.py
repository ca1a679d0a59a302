# ruff: noqa: E501 - one case a line
"""Paging and searching, on a real database."""

from datetime import timedelta
from itertools import chain

import pytest
from note_api import Api, refusal
from note_builders import ANA, NOON
from notes_service.domain import limits, rules
from notes_service.domain.notes import Rendering
from notes_service.store import notes
from notes_service.store.database import Database
from notes_service.text import words
from sqlalchemy import text


async def stored(database: Database, key: str, *, title="t", body="", now=NOON) -> None:
    typed = limits.Draft(title, body).checked()
    rendered = Rendering("", "", words.of(typed.body))
    note, _ = rules.create(key, typed, rendered, by=ANA, now=now)
    async with database.statements() as connection:
        assert await notes.add(connection, note, [])


async def pages(api: Api, **params) -> list[list[str]]:
    found, cursor = [], None
    while True:
        query = params | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/notes", params=query)).json()
        found.append([row["key"] for row in page["notes"]])
        cursor = page["next"]
        if cursor is None:
            return found


async def test_every_note_is_on_exactly_one_page_even_if_all_have_one_time(
    api: Api, database: Database
):
    for number in range(10):
        await stored(database, f"n{number}")
    assert await pages(api, limit=3) == [
        ["n9", "n8", "n7"],
        ["n6", "n5", "n4"],
        ["n3", "n2", "n1"],
        ["n0"],
    ]
    assert await pages(api, limit=5) == [
        ["n9", "n8", "n7", "n6", "n5"],
        ["n4", "n3", "n2", "n1", "n0"],
    ]


async def test_a_page_is_not_shifted_by_what_changes_meanwhile(api: Api, database: Database):
    for number in range(6):
        await stored(database, f"n{number}", now=NOON + timedelta(seconds=number))
    first = (await api.get("/notes", params={"limit": 3})).json()
    await api.create("new")
    await api.delete("n2", 1)
    params = {"limit": 3, "cursor": first["next"]}
    second = (await api.get("/notes", params=params)).json()
    assert [row["key"] for row in second["notes"]] == ["n1", "n0"]


@pytest.mark.parametrize(
    "cursor", ["x", "!", "", "MS4y.", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjE", "MS45OTk5OTk5OTk5OTk5OTk5OTk5OQ", "ä"]
)  # fmt: skip
async def test_a_made_up_cursor_is_refused(api: Api, cursor):
    answer = await api.get("/notes", params={"cursor": cursor})
    assert refusal(answer) == (422, "invalid_cursor")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x"])
async def test_a_limit_outside_1_to_100_is_refused(api: Api, limit):
    assert refusal(await api.get("/notes", params={"limit": limit}))[0] == 422


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("soup", ["soup"]),
        ("SOUP bread", ["soup"]),
        ("soup OR zebra", ["soup"]),
        ("soup -bread", []),
        ('"bread and apples"', ["soup"]),
        ("banana", ["banana"]),
        ("bannana", ["banana"]),  # a typo in a title
        ("bana", ["banana"]),
        ("日本", ["cjk"]),
        ("本語", ["cjk"]),
        ("語", ["cjk"]),
        ("日語", []),
        ("茶", ["cjk"]),
        ("nowhere", []),
        ("' & | ! :* ( \\", []),
        ("%", []),
    ],
)
async def test_a_search_finds_words_near_words_and_cjk(
    api: Api, database: Database, query, found
):
    await stored(database, "soup", title="Monday", body="Soup with bread and apples")
    await stored(database, "banana", title="Banana cake", body="")
    await stored(database, "cjk", title="t", body="これは日本語のノートです。お茶")
    answer = (await api.get("/notes", params={"q": query})).json()
    assert [row["key"] for row in answer["notes"]] == found


async def test_a_search_follows_edits_is_paged_and_leaves_the_trash_out(api: Api):
    for number in range(5):
        await api.create(f"n{number}", body="apples")
    await api.edit("n0", 1, body="pears")
    await api.delete("n1", 1)
    assert await pages(api, q="apples", limit=2) == [["n4", "n3"], ["n2"]]
    assert await pages(api, q="pears") == [["n0"]]


async def test_a_search_over_the_limit_is_refused(api: Api):
    answer = await api.get("/notes", params={"q": "x" * 201})
    assert refusal(answer) == (422, "invalid_search")
    assert refusal(await api.get("/notes?q=%00")) == (422, "invalid_search")


@pytest.mark.parametrize(
    "body",
    [
        "".join(chr(0x4E00 + i % 20_000) for i in range(87_000)),
        " ".join(f"{i:x}" for i in range(45_000)),
        "a-b-c." * 40_000,
        "x" * 262_144,
        "http://e.x/a/b?c=d " * 13_000,
    ],
)
async def test_any_body_within_the_limit_can_be_indexed(database: Database, body):
    await stored(database, "long", body=body)
    async with database.statements() as connection:
        assert await notes.summary(connection, "long")


FILL = """
    INSERT INTO notes (key, title, body, html, excerpt, words, version, author_id, author_name,
                       editor_id, editor_name, created_at, updated_at)
    SELECT 'n' || i, 'Note ' || i, '', '', '', to_tsvector('simple', 'note ' || i), 1,
           'a', 'Ana', 'a', 'Ana', now(), timestamptz '2026-11-23' + i * interval '1 second'
    FROM generate_series(1, 20000) AS i
"""
PAGES = """
    EXPLAIN SELECT id, key, title FROM notes WHERE deleted_at IS NULL {more}
    ORDER BY updated_at DESC, id DESC LIMIT 51
"""


@pytest.mark.parametrize(
    "more",
    [
        "",
        "AND (updated_at, id) < ('2026-11-23 02:00Z', 7)",
        "AND author_id = 'a' AND (updated_at, id) < ('2026-11-23 02:00Z', 7)",
    ],
)
async def test_a_page_is_read_in_the_order_of_an_index_however_many_notes_there_are(
    database: Database, more
):
    """Promise 6: the cost does not grow with the number of notes."""
    async with database.statements() as connection:
        await connection.execute(text(FILL))
        await connection.execute(text("ANALYZE notes"))
        plan = " ".join(await connection.scalars(text(PAGES.format(more=more))))
    assert "using notes_newest" in plan
    assert "Sort" not in plan


SORTED = {
    "a": "zebra",
    "b": "Äpfel",
    "c": "apfel 2",
    "d": "“Birnen”",
    "e": "🎉",
    "f": "apfel 2",
}


async def test_lists_by_title_know_neither_case_nor_accents_and_page_without_gaps(
    api: Api, database: Database
):
    for number, (key, title) in enumerate(SORTED.items()):
        await stored(database, key, title=title, now=NOON + timedelta(seconds=number))
    for limit in (1, 2, 4, 10):
        assert [*chain(*await pages(api, limit=limit, sort="title"))] == [*"ebcfda"]
    await api.create("own", title="Own")
    for sort in ("title", "created", "changed"):
        mine = await api.get("/notes", params={"sort": sort, "mine": "true"}, by="ana")
        assert [row["key"] for row in mine.json()["notes"]] == ["own"]


async def test_lists_by_age_stay_when_notes_change(api: Api, database: Database):
    for number in range(5):
        await stored(database, f"n{number}", now=NOON + timedelta(seconds=number))
    await api.edit("n1", 1)
    assert [*chain(*await pages(api, limit=2, sort="created"))] == [
        "n4",
        "n3",
        "n2",
        "n1",
        "n0",
    ]
    assert (await pages(api, limit=2))[0][0] == "n1"


async def test_a_title_as_long_as_they_may_be_is_sorted_and_its_cursor_is_short(
    api: Api, database: Database
):
    for key in "ab":
        await stored(database, key, title="ﷺ" * limits.TITLE_CHARACTERS)
    first = (await api.get("/notes", params={"limit": 1, "sort": "title"})).json()
    assert len(first["next"]) < 500
    assert [*chain(*await pages(api, limit=1, sort="title"))] == ["a", "b"]


@pytest.mark.parametrize(
    ("sort", "cursor"), [("title", "MS4y"), ("title", "OnNvdXA"), ("title", "MTpc_w"), ("title", "MToA"), ("changed", "MTpzb3Vw"), ("created", "MTpzb3Vw"), ("title", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OngK")]
)  # fmt: skip
async def test_a_cursor_of_another_order_is_refused(api: Api, sort, cursor):
    answer = await api.get("/notes", params={"sort": sort, "cursor": cursor})
    assert refusal(answer) == (422, "invalid_cursor")


async def test_an_order_that_there_is_not_is_refused(api: Api):
    assert (await api.get("/notes", params={"sort": "size"})).status_code == 422
