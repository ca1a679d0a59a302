"""Tells the realtime gateway whose sessions ended, so that their sockets close within a second.

At least once: a row leaves the table in the transaction in which the gateway said yes. Any
number of replicas share the rows. What is older than an access token need not be said any more:
the socket ended with the token, and nobody gave it a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.access_tokens import ACCESS_TOKEN_LIFETIME
from users_service.deliveries import keep_telling
from users_service.store.endings import Listener
from users_service.tables import SessionEndRow

# "State invalidated": official clients drop the token in hand and ask for a new one.
CODE: Final = 3014
REASON: Final = "session ended"
GATEWAY_SECONDS: Final = 3.0

_WORTH_SAYING_FOR: Final = ACCESS_TOKEN_LIFETIME + timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnects:
    database: async_sessionmaker[AsyncSession]
    gateway: httpx.AsyncClient
    """Knows the gateway's address and API key, and has a timeout."""
    told: Counter
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Until cancelled."""
        await keep_telling(self.tell_next, "the gateway: ended sessions", self.told)

    async def tell_next(self) -> bool:
        """False if there was nothing to tell."""
        async with self.database.begin() as session:
            ended = await store.endings.take(session, Listener.GATEWAY)
            if ended is None:
                return False
            if self.now() - ended.ended_at <= _WORTH_SAYING_FOR:
                answer = await self.gateway.post("/api/disconnect", json=_command(ended))
                _raise_for(answer)
                self.told.labels("ok").inc()
        return True

    async def forget_old(self) -> None:
        """Also where there is no gateway to tell."""
        async with self.database.begin() as session:
            await store.endings.forget(session, before=self.now() - _WORTH_SAYING_FOR)


def _command(ended: SessionEndRow) -> dict[str, Any]:
    """Centrifugo's `disconnect`, where `session` is the claim `sid` of the socket's token."""
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
