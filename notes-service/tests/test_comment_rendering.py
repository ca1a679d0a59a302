"""Comments that an earlier release stored are rendered, without an event or a wait."""

from collections.abc import AsyncIterator

import pytest
from note_api import Api
from notes_service.jobs.comment_rendering import CommentRendering
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from sqlalchemy import text

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_backlog_by_itself")]


@pytest.fixture
async def rendering(database: Database) -> AsyncIterator[CommentRendering]:
    renderer = Renderer()
    yield CommentRendering(database, renderer)
    await renderer.close()


async def as_before(database: Database) -> None:
    """What the release before stores: it knows the columns of its own schema only."""
    async with database.statements() as connection:
        await connection.execute(text("UPDATE comments SET html = NULL, renderer = 0"))
        await connection.execute(text("DELETE FROM outbox"))


async def test_promise_comments_of_the_release_before_are_plain_text_and_then_rendered(
    api: Api, database: Database, rendering: CommentRendering
):
    await api.create("menu")
    made = [(await api.comment("menu", f"**{i}** " + "x " * 100)).json() for i in range(60)]
    await as_before(database)
    before = await api.comments("menu", limit=100)
    assert [each["text"] for each in before["comments"]] == [each["text"] for each in made]
    assert all("html" not in each for each in before["comments"])
    await rendering.render_all()
    assert (await api.comments("menu", limit=100))["comments"] == made
    async with database.statements() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM outbox")) == 0


async def test_one_comment_that_cannot_be_rendered_does_not_stop_the_others(
    api: Api, database: Database, rendering: CommentRendering, monkeypatch
):
    await api.create("menu")
    for said in ("a", "*bad*", "*c*"):
        await api.comment("menu", said)
    await as_before(database)
    made = rendering.renderer.comment

    async def comment(self, said: str, **options: object) -> str:
        if said == "*bad*":
            raise ValueError(said)
        return await made(said, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Renderer, "comment", comment)
    await rendering.render_all()
    found = (await api.comments("menu"))["comments"]
    assert [each.get("html") for each in found] == ["a", None, "<em>c</em>"]
