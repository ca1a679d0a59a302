"""Who has a note open: names of people who are signed in, and how many guests.

Cheap whatever the crowd: nobody is sent anything when others come and go. Pages ask, the more
of them the less often (at most some `MOST_QUESTIONS` a second for one note), and many questions
share one answer of the gateway.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from notes_web.clients.gateway import GatewayClient, PresentClient
from notes_web.clients.http import BackendError, Unreachable

SHOWN = 8
EVERY_SECONDS = 8
MOST_QUESTIONS = 20
FRESH_SECONDS = 2.0
"""How long an answer is shared; longer where a crowd makes it large."""
CROWD_PER_SECOND = 500
UNKNOWN_SECONDS = 10.0
"""A gateway that could not answer is left in peace for so long."""


@dataclass(frozen=True, slots=True)
class PresentUser:
    """Somebody who has the note open."""

    id: str
    name: str
    is_writing: bool


@dataclass(frozen=True, slots=True)
class PresentUsers:
    """Everyone who has one note open."""

    people: tuple[PresentUser, ...]
    """Writers first, then by name."""
    guests: int
    windows: int
    """How many windows of signed-in people: as many as may ask."""

    def as_seen_by(self, account_id: str) -> dict[str, Any]:
        """The others, without their ids; `poll_after`: after how many seconds to ask next."""
        others = [person for person in self.people if person.id != account_id]
        poll_after = max(EVERY_SECONDS, -(-self.windows // MOST_QUESTIONS))
        shown = [{"name": each.name, "writing": each.is_writing} for each in others[:SHOWN]]
        return {
            "people": shown,
            "more": len(others) - len(shown),
            "guests": self.guests,
            "poll_after": poll_after,
            "again": poll_after,  # what pages of the build before this one read
        }


@dataclass(slots=True)
class _Answer:
    """What was learnt about one note: None while nothing is, or when nobody could say."""

    users: PresentUsers | None = None
    until: float = float("-inf")
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Presence:
    """Asks the gateway who has a note open, and shares the answers; at most `room` are kept."""

    def __init__(
        self, gateway: GatewayClient, *, now: Callable[[], float], room: int = 1024
    ) -> None:
        self._gateway, self._now, self._room = gateway, now, room
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    async def at(self, key: str) -> PresentUsers:
        """Who has the note open. `Unreachable` while that cannot be told."""
        answer = self._answers.setdefault(key, _Answer())
        self._answers.move_to_end(key)
        if len(self._answers) > self._room:
            self._answers.popitem(last=False)
        async with answer.asking:
            if self._now() >= answer.until:
                await self._ask(key, answer)
        if answer.users is None:
            raise Unreachable("realtime-gateway", "presence is not known")
        return answer.users

    async def _ask(self, key: str, answer: _Answer) -> None:
        answer.users, answer.until = None, self._now() + UNKNOWN_SECONDS
        try:
            readers, writers = await asyncio.gather(
                self._gateway.present(f"notes:{key}"), self._gateway.present(f"writing:{key}")
            )
        except BackendError:
            return
        answer.users = _present(readers, writers)
        answer.until = self._now() + max(FRESH_SECONDS, len(readers) / CROWD_PER_SECOND)


def _present(readers: list[PresentClient], writers: list[PresentClient]) -> PresentUsers:
    at_work = {client.get("user", "") for client in writers}
    signed_in = [client for client in [*readers, *writers] if client.get("user")]
    people = {
        client["user"]: PresentUser(client["user"], _name(client), client["user"] in at_work)
        for client in signed_in
    }
    in_order = sorted(
        people.values(), key=lambda each: (not each.is_writing, each.name, each.id)
    )
    windows = sum(1 for client in readers if client.get("user"))
    return PresentUsers(tuple(in_order), len(readers) - windows, windows)


def _name(client: PresentClient) -> str:
    info = client.get("conn_info")
    return str(info.get("name") or "Somebody") if isinstance(info, dict) else "Somebody"
