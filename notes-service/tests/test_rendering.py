"""A long body, hostile ones included, cannot hold up the service."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
from notes_service.domain.errors import Unavailable
from notes_service.domain.notes import NO_WORDS, Rendering
from notes_service.text import rendering
from notes_service.text.markup import markdown
from notes_service.text.rendering import Renderer
from notes_service.text.turns import Purpose

pytestmark = pytest.mark.quick  # the program is the renderer

LONG = "Some *text*. " * 1000
WIDE = "|a" * 350 + "\n" + "|-" * 350 + "\n" + "|\n" * 300
# Each may be the beginning of a picture: looking for its end takes minutes.
HOSTILE = "![" * 120_000


async def shown(renderer: Renderer, body: str, by: str = "ana") -> Rendering:
    return await renderer.render(body, by=by, purpose=Purpose.SAVE)


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    renderer = Renderer()
    yield renderer
    await renderer.close()


async def test_long_and_short_bodies_look_the_same(renderer: Renderer):
    for body in ("*short*", LONG, "漢字 \u2028 " * 2000):
        assert await shown(renderer, body) == rendering.derive(body)


async def test_a_preview_looks_the_same_and_costs_no_words(renderer: Renderer):
    for body in ("*short*", LONG):
        rendered = await renderer.render(body, by="ana", purpose=Purpose.PREVIEW)
        assert (rendered.html, rendered.words) == (rendering.derive(body).html, NO_WORDS)


async def test_the_loop_runs_on_while_a_hostile_body_is_rendered_and_then_given_up(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
):
    await shown(renderer, LONG)
    monkeypatch.setattr(rendering, "RENDER_SECONDS", 0.5)
    turns = 0
    hostile = asyncio.create_task(shown(renderer, HOSTILE))
    while not hostile.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 2
    assert (await hostile).html == markdown.as_written(HOSTILE).html
    monkeypatch.undo()
    assert await shown(renderer, LONG) == rendering.derive(LONG)


async def test_a_worker_that_starts_slowly_is_not_the_bodys_fault(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
):
    """On a busy machine its interpreter alone takes seconds."""
    late = "import runpy, time; time.sleep(2); runpy.run_module({!r}, run_name='__main__')"
    program = late.format("notes_service.text.render_worker")
    monkeypatch.setattr(rendering, "_COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(rendering, "RENDER_SECONDS", 1.0)
    assert await shown(renderer, LONG) == rendering.derive(LONG)


async def test_a_body_waits_for_its_turn_only_so_long(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rendering, "QUEUE_SECONDS", 0.05)
    hostile = asyncio.create_task(shown(renderer, HOSTILE))
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await shown(renderer, LONG)
    hostile.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hostile


async def test_after_a_cancelled_rendering_nobody_gets_its_answer(renderer: Renderer):
    await shown(renderer, LONG)
    abandoned = asyncio.create_task(shown(renderer, "# other\n" * 1000))
    await asyncio.sleep(0.001)
    abandoned.cancel()
    await asyncio.wait([abandoned])
    assert await shown(renderer, LONG) == rendering.derive(LONG)


async def test_promise_the_loop_never_renders_more_than_a_line_or_two(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
):
    def refused(body: str) -> Rendering:
        raise AssertionError(body)

    expected = rendering.derive(WIDE)
    monkeypatch.setattr(markdown, "render", refused)
    assert await shown(renderer, WIDE) == expected


async def test_promise_no_number_of_previews_keeps_others_saves_waiting(renderer: Renderer):
    """Ten people look at hostile texts again and again; a save is rendered while they do."""
    await shown(renderer, LONG)

    async def look(person: str) -> None:
        await renderer.render(HOSTILE, by=person, purpose=Purpose.PREVIEW)

    previews = [asyncio.create_task(look(f"{n % 10}")) for n in range(40)]
    await asyncio.sleep(0)
    for _ in range(3):
        assert await shown(renderer, LONG, "ben") == rendering.derive(LONG)
    assert not all(preview.done() for preview in previews)
    for preview in previews:
        preview.cancel()
    await asyncio.wait(previews)
    assert await shown(renderer, LONG) == rendering.derive(LONG)
