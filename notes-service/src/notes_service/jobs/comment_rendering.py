"""Renders comments which an earlier release stored. No event: nobody changed them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from notes_service.jobs import backlog
from notes_service.store import comments
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from notes_service.text.turns import Purpose

_BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class CommentRendering:
    """Renders stale comments."""

    database: Database
    renderer: Renderer

    async def run(self) -> None:
        """Render stale comments until cancelled."""
        await backlog.look(self.render_all, what="comments")

    async def render_all(self) -> None:
        """Render each stale comment once: one that cannot be does not stop the others."""
        await backlog.work_off(self._stale(), self._render, what="comments")

    async def _render(self, stale: tuple[int, str]) -> None:
        comment_id, text = stale
        html = await self.renderer.comment(
            text, by=backlog.NOBODY, purpose=Purpose.REDERIVATION
        )
        async with self.database.statements() as connection:
            await comments.save_rendered(connection, comment_id, text=text, html=html)

    async def _stale(self) -> AsyncIterator[tuple[int, str]]:
        last = 0
        while batch := await self._next(after=last):
            for last, text in batch.items():
                yield last, text

    async def _next(self, *, after: int) -> dict[int, str]:
        async with self.database.statements() as connection:
            return dict(await comments.stale(connection, after=after, limit=_BATCH))
