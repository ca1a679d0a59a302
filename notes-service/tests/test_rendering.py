"""A long body, hostile ones included, cannot hold up the service."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
from notes_service import markdown, rendering
from notes_service.errors import Unavailable
from notes_service.rendering import Renderer

pytestmark = pytest.mark.quick  # the program is the renderer

LONG = "Some *text*. " * 1000
# Looking for addresses in this takes quadratic time: minutes at this length.
HOSTILE = "http://a." * 29_000


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    renderer = Renderer()
    yield renderer
    await renderer.close()


async def test_long_and_short_bodies_look_the_same(renderer: Renderer):
    for body in ("*short*", LONG, "漢字 \u2028 " * 2000):
        assert await renderer.render(body) == markdown.render(body)


async def test_the_loop_runs_on_while_a_hostile_body_is_rendered_and_then_given_up(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
):
    await renderer.render(LONG)
    monkeypatch.setattr(rendering, "RENDER_SECONDS", 0.5)
    turns = 0
    hostile = asyncio.create_task(renderer.render(HOSTILE))
    while not hostile.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 2
    assert (await hostile).html == markdown.as_written(HOSTILE).html
    monkeypatch.undo()
    assert await renderer.render(LONG) == markdown.render(LONG)


async def test_a_worker_that_starts_slowly_is_not_the_bodys_fault(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
):
    """On a busy machine its interpreter alone takes seconds."""
    late = "import runpy, time; time.sleep(2); runpy.run_module({!r}, run_name='__main__')"
    program = late.format("notes_service.render_worker")
    monkeypatch.setattr(rendering, "_COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(rendering, "RENDER_SECONDS", 1.0)
    assert await renderer.render(LONG) == markdown.render(LONG)


async def test_a_body_waits_for_its_turn_only_so_long(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rendering, "QUEUE_SECONDS", 0.05)
    hostile = asyncio.create_task(renderer.render(HOSTILE))
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await renderer.render(LONG)
    hostile.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hostile


async def test_after_a_cancelled_rendering_nobody_gets_its_answer(renderer: Renderer):
    await renderer.render(LONG)
    abandoned = asyncio.create_task(renderer.render("# other\n" * 1000))
    await asyncio.sleep(0.001)
    abandoned.cancel()
    await asyncio.wait([abandoned])
    assert await renderer.render(LONG) == markdown.render(LONG)
