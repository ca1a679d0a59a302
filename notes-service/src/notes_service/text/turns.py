"""Whose text is rendered next. Decides synchronously; waiting is a future.

Promise: what is saved comes before what is only looked at, which never has the last worker;
among each, people take turns, and nobody has two at once. So neither many previews nor one
person's many texts keep others' saves waiting.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Final

from notes_service.domain.errors import Unavailable

WAITING_OF_ONE: Final = 8
WAITING: Final = 256


class Purpose(Enum):
    """In the order in which they come."""

    SAVE = "save"
    PREVIEW = "preview"
    REDERIVATION = "rederivation"
    """What was saved before, under newer rules."""


_Queue = OrderedDict[str, deque[asyncio.Future[int]]]


class Turns:
    """The waiting lines before `workers` workers."""

    def __init__(self, workers: int) -> None:
        assert workers > 1, "one is kept for saves"
        self._free = list(range(workers))[::-1]
        self._waiting: dict[Purpose, _Queue] = {purpose: OrderedDict() for purpose in Purpose}
        self._at_work: Counter[tuple[Purpose, str]] = Counter()

    @asynccontextmanager
    async def turn(self, purpose: Purpose, person: str) -> AsyncIterator[int]:
        """The number of the worker that is this text's alone."""
        place: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue(purpose, person, place)
        self._hand_out()
        try:
            worker = await place
        except asyncio.CancelledError:
            self._leave(purpose, person, place)
            raise
        try:
            yield worker
        finally:
            self._give_back(purpose, person, worker)

    def _queue(self, purpose: Purpose, person: str, place: asyncio.Future[int]) -> None:
        queue = self._waiting[purpose]
        own = queue.get(person, ())
        if len(own) >= WAITING_OF_ONE or sum(map(len, queue.values())) >= WAITING:
            raise Unavailable
        queue.setdefault(person, deque()).append(place)

    def _leave(self, purpose: Purpose, person: str, place: asyncio.Future[int]) -> None:
        if not place.cancelled():  # it was its turn just as it was given up
            self._give_back(purpose, person, place.result())
            return
        queue = self._waiting[purpose]
        if place in queue.get(person, ()):
            queue[person].remove(place)
        if not queue.get(person, True):
            del queue[person]

    def _give_back(self, purpose: Purpose, person: str, worker: int) -> None:
        self._at_work[purpose, person] -= 1
        self._at_work += Counter()  # forgets zeros
        self._free.append(worker)
        self._hand_out()

    def _hand_out(self) -> None:
        while self._free and (found := self._next()):
            purpose, person = found
            queue = self._waiting[purpose]
            place = queue[person].popleft()
            queue.move_to_end(person)
            if not queue[person]:
                del queue[person]
            if not place.done():
                self._at_work[found] += 1
                place.set_result(self._free.pop())

    def _next(self) -> tuple[Purpose, str] | None:
        for purpose, queue in self._waiting.items():
            if purpose is not Purpose.SAVE and len(self._free) < 2:
                return None
            for person in queue:
                if not self._at_work[purpose, person]:
                    return purpose, person
        return None
