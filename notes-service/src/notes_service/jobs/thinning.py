"""Lets go of versions of which enough others stay; `domain.thinning` says which.

A turn looks at so many and goes on there the next time, so what it costs does not grow with
what is kept. Any number of processes may do it.
"""

import logging
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from notes_service.domain.thinning import Thinning
from notes_service.store.database import Database
from notes_service.store.history import thinning
from notes_service.store.history.thinning import NEWEST, Position

log = logging.getLogger(__name__)

PAGES_IN_A_TURN: Final = 40
PAGE: Final = 500


@dataclass(slots=True)
class Thinner:
    """Goes through all versions, round after round."""

    database: Database
    keep_days: int
    _at: Position = NEWEST
    _rules: Thinning = field(init=False)

    def __post_init__(self) -> None:
        self._rules = Thinning(self.keep_days)

    async def turn(self, now: datetime) -> None:
        """Look at the next versions, at most to the end of the round."""
        gone = 0
        for _ in range(PAGES_IN_A_TURN):
            gone += await self._page(now)
            if self._at == NEWEST:
                break
        if gone:
            log.info("let go of %d versions", gone)

    async def _page(self, now: datetime) -> int:
        # A page that fails is judged again, by what was known before it.
        rules = deepcopy(self._rules)
        async with self.database.statements() as connection:
            places = await thinning.page(connection, self._at, limit=PAGE)
            fallen = [place for place in places if rules.falls(place, now)]
            gone = await thinning.let_go(connection, fallen) if fallen else 0
        if len(places) < PAGE:
            self._at, self._rules = NEWEST, Thinning(self.keep_days)
        else:
            self._at, self._rules = Position(places[-1].note_id, places[-1].version), rules
        return gone
