"""Has the realtime gateway close the sockets of ended sessions, within a second.

At least once: a row is deleted in the transaction in which the gateway confirmed. Any number of
replicas share the rows. A row that the gateway rejects is tried again by itself, after ever
longer pauses, while later ones are delivered. Rows older than an access token are dropped: the
socket ended with the token, and no new token was issued.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.jobs.retry import keep_delivering
from users_service.sessions.access_tokens import ACCESS_TOKEN_LIFETIME
from users_service.store.session_ends import Consumer
from users_service.tables import SessionEndRow

# "State invalidated": official clients drop the token in hand and ask for a new one.
CODE: Final = 3014
REASON: Final = "session ended"
GATEWAY_SECONDS: Final = 3.0
SHORTEST_REST: Final = 0.25
LONGEST_REST: Final = 10.0
"""Seconds before a row that the gateway rejected is tried again."""

_WORTH_SAYING_FOR: Final = ACCESS_TOKEN_LIFETIME + timedelta(minutes=1)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Rest:
    pause: float
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayDisconnects:
    """Delivers ends of sessions to the gateway's `disconnect`."""

    database: async_sessionmaker[AsyncSession]
    gateway: httpx.AsyncClient
    """Has the gateway's address and API key, and a timeout."""
    delivered: Counter
    now: Callable[[], datetime]
    resting: dict[int, _Rest] = field(default_factory=dict)
    """By id of the row that the gateway rejected."""

    async def run(self) -> None:
        """Deliver ends of sessions until cancelled."""
        await keep_delivering(self.deliver_next, "the gateway: ended sessions", self.delivered)

    async def deliver_next(self) -> bool:
        """Deliver one end of a session, or leave it for later; False if none is due."""
        now = time.monotonic()
        rest = [number for number, each in self.resting.items() if each.until > now]
        async with self.database.begin() as session:
            ended = await store.session_ends.take(session, Consumer.GATEWAY, but=rest)
            if ended is None:
                return False
            number = ended.id
            if self.now() - ended.ended_at <= _WORTH_SAYING_FOR:
                try:
                    await self._deliver(ended)
                except httpx.ConnectError:
                    raise  # it would hear none of the others, either
                except httpx.HTTPError as error:
                    await session.rollback()
                    self._let_rest(number, error)
                    return True
        self.resting.pop(number, None)
        return True

    async def _deliver(self, ended: SessionEndRow) -> None:
        answer = await self.gateway.post("/api/disconnect", json=_command(ended))
        _raise_for(answer)
        self.delivered.labels("ok").inc()

    def _let_rest(self, number: int, error: httpx.HTTPError) -> None:
        now, before = time.monotonic(), self.resting.get(number)
        pause = SHORTEST_REST if before is None else min(before.pause * 2, LONGEST_REST)
        self.resting[number] = _Rest(pause, until=now + pause)
        self.delivered.labels("failed").inc()
        log.warning("the gateway was not told of %d, again in %s s: %r", number, pause, error)

    async def forget_old(self) -> None:
        """Delete ends of sessions that have no living token, even where there is no gateway."""
        async with self.database.begin() as session:
            await store.session_ends.forget(session, before=self.now() - _WORTH_SAYING_FOR)
        over = time.monotonic() - LONGEST_REST
        for number in [each for each, rest in self.resting.items() if rest.until < over]:
            del self.resting[number]


def _command(ended: SessionEndRow) -> dict[str, Any]:
    """Return Centrifugo's `disconnect`; `session` is the claim `sid` of the socket's token."""
    command: dict[str, Any] = {
        "user": str(ended.account_id),
        "disconnect": {"code": CODE, "reason": REASON},
    }
    if ended.session_id is not None:
        command["session"] = str(ended.session_id)
    return command


def _raise_for(answer: httpx.Response) -> None:
    answer.raise_for_status()
    # Centrifugo tells refusals with status 200.
    if b'"error"' in answer.content:
        raise httpx.HTTPError("the gateway refused")
