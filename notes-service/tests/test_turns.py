"""Promise: saves come before previews, people take turns, nobody has two at once."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from notes_service.domain.errors import Unavailable
from notes_service.text.turns import WAITING_OF_ONE, Purpose, Turns


class Office:
    """Turns, and who got one in which order; each is kept until it is ended."""

    def __init__(self, workers: int = 2) -> None:
        self.turns = Turns(workers)
        self.served: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, purpose: Purpose, *people: str) -> None:
        for each in people:
            name = f"{each}'s {purpose.value} {len(self.tasks)}"
            self._ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._be_served(name, purpose, each))
            await asyncio.sleep(0)

    async def _be_served(self, name: str, purpose: Purpose, person: str) -> None:
        async with self.turns.turn(purpose, person):
            self.served.append(name)
            await self._ends[name].wait()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)

    async def end_all(self) -> list[str]:
        for name in self.served:  # grows meanwhile
            await self.end(name)
        return self.served


async def test_the_last_worker_is_for_saves():
    office = Office()
    await office.come(Purpose.PREVIEW, "ana", "ben", "cem")
    assert office.served == ["ana's preview 0"]
    await office.come(Purpose.SAVE, "dan")
    assert office.served == ["ana's preview 0", "dan's save 3"]
    assert len(await office.end_all()) == 4


async def test_saves_come_before_previews_and_both_before_old_notes():
    office = Office()
    await office.come(Purpose.SAVE, "ana", "ben")
    await office.come(Purpose.REDERIVATION, "")
    await office.come(Purpose.PREVIEW, "cem")
    await office.come(Purpose.SAVE, "dan")
    served = [name.split(" ")[1] for name in await office.end_all()]
    assert served == ["save", "save", "save", "preview", "rederivation"]


async def test_people_take_turns_and_nobody_has_two_at_once():
    office = Office(3)
    await office.come(Purpose.SAVE, "ana", "ana", "ana", "ben", "cem")
    assert [name.split("'")[0] for name in office.served] == ["ana", "ben", "cem"]
    await office.end_all()
    office = Office()
    await office.come(Purpose.SAVE, "x", "y", "ana", "ana", "ana", "ben")
    order = [name.split("'")[0] for name in await office.end_all()]
    assert order == ["x", "y", "ana", "ben", "ana", "ana"]


async def test_one_persons_texts_wait_in_a_bounded_queue_that_is_theirs():
    office = Office()
    await office.come(Purpose.PREVIEW, *["ana"] * (1 + WAITING_OF_ONE))
    async with AsyncExitStack() as stack:
        with pytest.raises(Unavailable):
            await stack.enter_async_context(office.turns.turn(Purpose.PREVIEW, "ana"))
    await office.come(Purpose.PREVIEW, "ben")
    await office.end("ana's preview 0")
    assert len(office.served) == 2
    assert len(await office.end_all()) == 2 + WAITING_OF_ONE


async def test_whoever_gives_up_leaves_no_trace():
    office = Office()
    await office.come(Purpose.SAVE, "ana", "ana", "ben", "cem")
    for name in ("ana's save 1", "cem's save 3", "ana's save 0"):
        office.tasks[name].cancel()
        await asyncio.wait([office.tasks[name]])
    await office.come(Purpose.SAVE, "ana")
    assert office.served == ["ana's save 0", "ben's save 2", "ana's save 4"]


async def test_a_turn_that_comes_just_as_it_is_given_up_goes_to_the_next():
    office = Office()
    await office.come(Purpose.SAVE, "ana", "ben", "cem", "dan")
    office._ends["ana's save 0"].set()
    await asyncio.sleep(0)
    office.tasks["cem's save 2"].cancel()
    await asyncio.wait([office.tasks["cem's save 2"]])
    await asyncio.sleep(0)
    assert office.served[-1] == "dan's save 3"
