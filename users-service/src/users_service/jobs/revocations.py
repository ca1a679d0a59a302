"""Writes revocations of access tokens to Redis: contracts/revocations.md.

At least once: a row is deleted in the transaction in which Redis accepted it, and one that
Redis refuses holds up no other. Rows older than an access token are dropped.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.jobs.retry import AWAY, keep_delivering
from users_service.sessions.access_tokens import ACCESS_TOKEN_LIFETIME
from users_service.store.session_ends import Consumer
from users_service.tables import SessionEndRow

log = logging.getLogger(__name__)

KEPT_FOR: Final = ACCESS_TOKEN_LIFETIME + timedelta(minutes=1)

# Two replicas may come in the wrong order: a lower generation changes nothing.
_RAISE: Final = """
local known = redis.call('GET', KEYS[1])
if not known or tonumber(known) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
return 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationWriter:
    """Delivers ends of sessions to Redis."""

    database: async_sessionmaker[AsyncSession]
    redis: Redis
    """Has a timeout."""
    delivered: Counter
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Write revocations until cancelled."""
        await keep_delivering(self._write_and_rest, "Redis: revocations", self.delivered)

    async def write(self) -> None:
        """Write all that wait, with those that another replica is writing now.

        Raises the first error of Redis, after everything else was written.
        """
        async with self.database.begin() as session:
            ended = await store.session_ends.take_all(session, Consumer.REDIS)
            fresh = [each for each in ended if self.now() - each.ended_at <= KEPT_FOR]
            refused = await self._set(fresh) if fresh else {}
            if refused:
                await store.session_ends.put_back(session, list(refused))
            self.delivered.labels("ok").inc(len(fresh) - len(refused))
        for error in refused.values():
            raise error

    async def write_at_once(self) -> None:
        """Write what waits now, for acts that are done only then; log a failure.

        What fails now is tried again by `run`.
        """
        try:
            await self.write()
        except AWAY as error:
            log.warning("revocations not written yet: %r", error)

    async def _write_and_rest(self) -> bool:
        await self.write()
        return False

    async def _set(self, ended: Sequence[SessionEndRow]) -> dict[SessionEndRow, RedisError]:
        """Write all and return those that Redis refused, each with its error."""
        seconds = int(KEPT_FOR.total_seconds())
        async with self.redis.pipeline(transaction=False) as pipe:
            for each in ended:
                if each.session_id is not None:
                    pipe.set(f"revoked:session:{each.session_id}", "1", ex=seconds)
                else:
                    account = f"revoked:account:{each.account_id}"
                    pipe.eval(_RAISE, 1, account, str(each.generation), str(seconds))
            answers = await pipe.execute(raise_on_error=False)
        answered = zip(ended, answers, strict=True)
        return {each: answer for each, answer in answered if isinstance(answer, RedisError)}
