"""Renders comments which an earlier release stored, one after the other in the background.

No event: nobody changed them. Any number of processes may do it at once; it takes a quarter of
one's time at most.
"""

import logging
import time
from dataclasses import dataclass
from typing import Final

from service_kit.tasks import repeat, rest

from notes_service.domain.errors import Unavailable
from notes_service.store import comments
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from notes_service.text.turns import Purpose

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS: Final = 5.0
_BATCH: Final = 50
_NOBODY: Final = ""


@dataclass(frozen=True, slots=True)
class CommentRendering:
    """Renders stale comments."""

    database: Database
    renderer: Renderer

    async def run(self) -> None:
        """Render stale comments until cancelled."""
        await repeat(self.render_all, every=LOOK_EVERY_SECONDS, on_error=_log_error)

    async def render_all(self) -> None:
        """Render each stale comment once: one that cannot be does not stop the others."""
        last, done = 0, 0
        while batch := await self._next(after=last):
            for last, text in batch.items():
                begun = time.monotonic()
                done += await self._render(last, text)
                await rest(3 * (time.monotonic() - begun))
        if done:
            log.info("rendered %d comments by newer rules", done)

    async def _render(self, comment_id: int, text: str) -> bool:
        try:
            html = await self.renderer.comment(text, by=_NOBODY, purpose=Purpose.REDERIVATION)
            async with self.database.statements() as connection:
                await comments.save_rendered(connection, comment_id, text=text, html=html)
        except Unavailable:
            raise
        except Exception:
            log.exception("a comment cannot be rendered")
            return False
        return True

    async def _next(self, *, after: int) -> dict[int, str]:
        async with self.database.statements() as connection:
            return dict(await comments.stale(connection, after=after, limit=_BATCH))


def _log_error(error: Exception, pause: float) -> None:
    if isinstance(error, Unavailable):
        log.info("rendering comments waits for PostgreSQL or for its turn")
    else:
        log.error("rendering comments failed, trying again", exc_info=error)
