"""Who has a note open: names of people who are signed in, and how many guests.

Cheap whatever the crowd: nobody is sent anything when others come and go. Pages ask, the more
of them the less often (at most some `MOST_QUESTIONS` a second for one note), and many questions
share one answer of the gateway.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from web.backends import Gateway

SHOWN = 8
EVERY_SECONDS = 8
MOST_QUESTIONS = 20
FRESH_SECONDS = 2.0
"""How long an answer is shared; longer where a crowd makes it large."""
CROWD_PER_SECOND = 500


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    is_writing: bool


@dataclass(frozen=True, slots=True)
class Company:
    people: tuple[Person, ...]
    """Writers first, then by name."""
    guests: int
    windows: int
    """How many windows of signed-in people: as many as may ask."""

    def seen_by(self, account_id: str) -> dict[str, Any]:
        """The others, without their ids; `again`: after how many seconds to ask next."""
        others = [person for person in self.people if person.id != account_id]
        shown = [{"name": each.name, "writing": each.is_writing} for each in others[:SHOWN]]
        return {
            "people": shown,
            "more": len(others) - len(shown),
            "guests": self.guests,
            "again": max(EVERY_SECONDS, -(-self.windows // MOST_QUESTIONS)),
        }


class Companies:
    def __init__(self, gateway: Gateway, *, now: Callable[[], float], room: int = 1024) -> None:
        self._gateway, self._now, self._room = gateway, now, room
        self._known: OrderedDict[str, tuple[Company, float]] = OrderedDict()

    async def at(self, key: str) -> Company:
        known, until = self._known.get(key, (None, 0.0))
        if known is not None and self._now() < until:
            return known
        readers, writers = await asyncio.gather(
            self._gateway.present(f"notes:{key}"), self._gateway.present(f"writing:{key}")
        )
        company = _company(readers, writers)
        fresh = max(FRESH_SECONDS, len(readers) / CROWD_PER_SECOND)
        self._known[key] = (company, self._now() + fresh)
        self._known.move_to_end(key)
        if len(self._known) > self._room:
            self._known.popitem(last=False)
        return company


def _company(readers: list[dict[str, Any]], writers: list[dict[str, Any]]) -> Company:
    at_work = {client.get("user", "") for client in writers}
    signed_in = [client for client in [*readers, *writers] if client.get("user")]
    people = {
        client["user"]: Person(client["user"], _name(client), client["user"] in at_work)
        for client in signed_in
    }
    in_order = sorted(
        people.values(), key=lambda each: (not each.is_writing, each.name, each.id)
    )
    windows = sum(1 for client in readers if client.get("user"))
    return Company(tuple(in_order), len(readers) - windows, windows)


def _name(client: dict[str, Any]) -> str:
    info = client.get("conn_info")
    return str(info.get("name") or "Somebody") if isinstance(info, dict) else "Somebody"
