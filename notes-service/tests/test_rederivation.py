"""Notes follow newer rules of rendering and search, without a version, an event or a wait."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from note_api import Api
from notes_service.jobs.rederivation import Rederivation
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from sqlalchemy import text

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_backlog_by_itself")]

AS_BEFORE = """
    UPDATE notes SET renderer = 0, html = '<p>old</p>', excerpt = 'old', lexemes = NULL,
                     found_title = NULL, found_text = NULL
"""


@pytest.fixture
async def rederivation(database: Database) -> AsyncIterator[Rederivation]:
    renderer = Renderer()
    yield Rederivation(database, renderer)
    await renderer.close()


async def run(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.statements() as connection:
        done = await connection.execute(text(statement))
        return [tuple(row) for row in done] if done.returns_rows else []


STALE = "SELECT key FROM notes WHERE renderer < 1 OR derived_from <> version ORDER BY key"
CHANGES = "SELECT key, version, updated_at FROM notes ORDER BY key"


async def test_what_earlier_rules_made_is_made_again_and_nobody_has_changed_it(
    api: Api, database: Database, rederivation: Rederivation
):
    made = [
        (await api.create(f"n{i}", body="## Été\n\n" + "x " * 200)).json() for i in range(5)
    ]
    await api.delete("n4", 1)
    await run(database, AS_BEFORE)
    await run(database, "UPDATE notes SET body = replace(body, chr(10), chr(13) || chr(10))")
    before = await run(database, CHANGES)
    assert [row["key"] for row in (await api.get("/notes?q=x")).json()["notes"]]
    await rederivation.derive_all()
    assert await run(database, STALE) == []
    assert (
        await run(database, "SELECT key, version, updated_at FROM notes ORDER BY key") == before
    )
    assert (await api.get("/notes/n0")).json() == made[0]
    assert (await api.get("/notes?q=ete")).json()["total"] == 4
    assert (await api.restore("n4")).json()["html"] == made[4]["html"]
    assert await run(database, STALE) == []


async def test_a_note_that_is_opened_is_made_again_first(api: Api, database: Database):
    made = (await api.create("a", body="# Title\n\n" + "x " * 200)).json()
    await run(database, AS_BEFORE)
    assert (await api.get("/notes/a")).json()["html"] == made["html"]
    assert await run(database, STALE) == []


async def test_a_text_that_the_release_before_saved_is_made_again(
    api: Api, database: Database, rederivation: Rederivation
):
    await api.create("a", body="apples")
    # It knows the columns of its own schema only.
    await run(
        database,
        "UPDATE notes SET body = 'pears', html = '<p>pears</p>', version = version + 1",
    )
    assert await run(database, STALE) == [("a",)]
    await rederivation.derive_all()
    assert (await api.get("/notes?q=pears")).json()["total"] == 1
    assert (await api.get("/notes?q=apples")).json()["total"] == 0


async def test_a_save_meanwhile_is_neither_lost_nor_waited_for(
    api: Api, database: Database, rederivation: Rederivation
):
    await api.create("a", body="one " * 100)
    await run(database, AS_BEFORE)
    stale = await rederivation._next(after=0)
    assert stale is not None
    assert (await api.edit("a", 1, body="two " * 100)).status_code == 200
    await rederivation.derive(stale)
    assert (await api.get("/notes/a")).json()["body"] == "two " * 100
    assert await run(database, STALE) == []


async def test_one_note_that_cannot_be_made_again_does_not_stop_the_others(
    api: Api, database: Database, rederivation: Rederivation, monkeypatch: pytest.MonkeyPatch
):
    for key in ("a", "b"):
        await api.create(key, body=f"{key} " * 100)
    await run(database, AS_BEFORE)
    render = rederivation.renderer.render

    async def refuse_one(body: str, **options):  # type: ignore[no-untyped-def]
        if body.startswith("a"):
            raise ValueError("a fault of the renderer")
        return await render(body, **options)

    monkeypatch.setattr(rederivation.renderer, "render", refuse_one)
    await rederivation.derive_all()
    assert await run(database, STALE) == [("a",)]


async def test_two_readers_of_one_stale_note_do_not_both_wait_for_it(
    api: Api, database: Database
):
    made = (await api.create("a", body="x " * 200)).json()
    await run(database, AS_BEFORE)
    both = await asyncio.gather(api.get("/notes/a"), api.get("/notes/a"))
    assert {answer.status_code for answer in both} == {200}
    assert made["html"] in [answer.json()["html"] for answer in both]
