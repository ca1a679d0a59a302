"""The log of a channel in Redis: contracts/channel-log.md in code.

Publications of a channel have consecutive offsets under one epoch; appending to the history,
counting and PUBLISH are one atomic script, and reading is atomic with it. The caller owns the
Redis client (`decode_responses=False`) with its timeouts; errors of redis-py pass through.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, NamedTuple, Protocol, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import InvalidResponse, NoScriptError

DAY_SECONDS: Final = 86_400
IDEMPOTENCY_TTL_SECONDS: Final = 300
UNPUBLISHED_TTL_SECONDS: Final = 60
"""So long a channel that nobody has published to is remembered after it was read."""
ALL: Final = -1


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """What is kept: the last `size` publications, for `ttl_seconds` after the last one."""

    size: int
    ttl_seconds: int
    meta_ttl_seconds: int = 30 * DAY_SECONDS


class Position(NamedTuple):
    """A place in a channel's log. (0, "") is the place of a publication without history."""

    offset: int
    epoch: str


NOWHERE: Final = Position(0, "")


class _Pipeline(Protocol):
    async def execute(self, raise_on_error: bool = True) -> list[Any]: ...


class _Script:
    def __init__(self, file_name: str) -> None:
        self.source = files("service_kit").joinpath(file_name).read_text(encoding="utf-8")
        self.sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()


_PUBLISH: Final = _Script("publish.lua")

_READ: Final = _Script("read.lua")


_NO_LOG: Final = "what stands under a channel's keys is no log"


def is_fragment(data: bytes) -> bool:
    """Whether this can stand in messages as it is: a non-empty object, in one line of UTF-8."""
    if data[:2] != b'{"' or data[-1:] != b"}" or b"\n" in data:
        return False
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def redis_options(seconds: float) -> dict[str, Any]:
    """Return a client's options: it gives up after so many seconds, and never tries again."""
    return {
        # With RESP3 redis-py takes a connection that Redis has closed for one with news.
        "protocol": 2,
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
    }


class ChannelLog:
    """Publishes to and reads from the logs of all channels under one key prefix."""

    def __init__(self, redis: Redis, *, prefix: str = "gateway", sharded: bool = False) -> None:
        """`sharded`: `redis` is a RedisCluster, and messages go by SPUBLISH."""
        if "{" in prefix or "}" in prefix:
            raise ValueError(f"a key prefix has no braces: {prefix!r}")
        self._redis = redis
        self._prefix = prefix
        self._is_sharded = sharded
        self._verb = "SPUBLISH" if sharded else "PUBLISH"

    def pubsub_channel(self, channel: str) -> str:
        """Return the Redis channel on which live messages of `channel` are sent."""
        return self._key("client", channel)

    async def publish(
        self,
        channel: str,
        fragment: bytes,
        history: HistoryOptions | None,
        idempotency_key: str | None = None,
    ) -> Position:
        """Append a publication, send it to subscribers, and return its position.

        A repeated `idempotency_key` returns the first position for 5 minutes and does nothing.
        Raises ValueError unless `fragment` is one.
        """
        call = self._publish_call(channel, fragment, history, idempotency_key)
        return _position(await self._run(_PUBLISH, *call))

    async def publish_many(
        self, publications: Sequence[tuple[str, bytes]], history: HistoryOptions | None
    ) -> list[Position]:
        """Publish all in one pipeline, in order, and return their positions.

        After an error, an unknown part of them is published. On a cluster each shard has a
        pipeline, so the order holds within a channel.
        """
        calls = [
            self._publish_call(ch, fragment, history, None) for ch, fragment in publications
        ]
        done: list[Position] = []
        while len(done) < len(calls):
            replies = await self._pipeline(_PUBLISH, calls[len(done) :])
            for reply in replies:
                if isinstance(reply, NoScriptError):
                    break  # what follows is sent again, so that the order holds
                if isinstance(reply, Exception):
                    raise reply
                done.append(_position(reply))
            else:
                break
            await self._redis.script_load(_PUBLISH.source)
        return done

    async def read(
        self,
        channel: str,
        since: tuple[int, str] | None = None,
        limit: int = ALL,
        reverse: bool = False,
    ) -> tuple[Position, list[tuple[int, bytes]]]:
        """Return the channel's top, and publications after (reverse: before) `since`.

        `since` is an (offset, epoch); it is for the caller to compare its epoch with the top's.
        `limit` 0 returns the top only.
        """
        reply = await self._run(_READ, *self._read_call(channel, since, limit, reverse))
        try:
            top, epoch, entries = reply
            found = [(int(entry.partition(b"-")[0]), fields[1]) for entry, fields in entries]
        except (ValueError, IndexError, TypeError) as error:
            raise InvalidResponse(_NO_LOG) from error
        # What somebody else has put there is left out, and so is a hole.
        kept = [(offset, fragment) for offset, fragment in found if is_fragment(fragment)]
        return _position((top, epoch)), kept

    async def remove(self, channel: str) -> None:
        """Delete the channel's publications; its offsets go on."""
        await _reply(self._redis.delete(self._key("stream", channel)))

    async def tops(self, channels: Sequence[str]) -> list[Position | None]:
        """Return the tops of many channels in one pipeline; None where there is no log."""
        pipeline = self._redis.pipeline(transaction=False)
        for channel in channels:
            pipeline.hmget(self._key("meta", channel), ["s", "e"])
        found = await pipeline.execute()
        return [_position((offset or 0, epoch)) if epoch else None for offset, epoch in found]

    async def renew(self, channels: Sequence[str]) -> None:
        """Prolong the positions of channels that are followed, published to or not."""
        pipeline = self._redis.pipeline(transaction=False)
        for channel in channels:
            pipeline.expire(self._key("meta", channel), UNPUBLISHED_TTL_SECONDS, gt=True)
        await pipeline.execute()

    def _key(self, kind: str, channel: str) -> str:
        return f"{self._prefix}.{kind}.{{{channel}}}"

    def _publish_call(
        self,
        channel: str,
        fragment: bytes,
        history: HistoryOptions | None,
        idempotency_key: str | None,
    ) -> tuple[list[str], list[Any]]:
        if not is_fragment(fragment):
            raise ValueError("a fragment is a compact, non-empty JSON object without newlines")
        keys = self._log_keys(channel)
        if idempotency_key is not None:
            keys.append(f"{self._key('result', channel)}.{idempotency_key}")
        kept = history or HistoryOptions(size=0, ttl_seconds=0)
        target = [self.pubsub_channel(channel), self._verb, fragment, secrets.token_hex(4)]
        lives = [kept.size, kept.ttl_seconds, kept.meta_ttl_seconds, IDEMPOTENCY_TTL_SECONDS]
        return keys, [*target, *lives]

    def _read_call(
        self, channel: str, since: tuple[int, str] | None, limit: int, reverse: bool
    ) -> tuple[list[str], list[Any]]:
        after = "" if since is None else since[0]
        return self._log_keys(channel), [
            secrets.token_hex(4), UNPUBLISHED_TTL_SECONDS, after, limit, int(reverse)
        ]  # fmt: skip

    def _log_keys(self, channel: str) -> list[str]:
        if not channel or channel.startswith("}"):
            raise ValueError(f"not a channel name: {channel!r}")
        return [self._key("stream", channel), self._key("meta", channel)]

    async def _run(self, script: _Script, keys: list[str], arguments: list[Any]) -> Any:
        try:
            return await _reply(self._redis.evalsha(script.sha, len(keys), *keys, *arguments))
        except NoScriptError:
            return await _reply(self._redis.eval(script.source, len(keys), *keys, *arguments))

    async def _pipeline(
        self, script: _Script, calls: list[tuple[list[str], list[Any]]]
    ) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for keys, arguments in calls:
            if self._is_sharded:  # redis-py pipelines no EVALSHA to a cluster
                pipeline.eval(script.source, len(keys), *keys, *arguments)
            else:
                pipeline.evalsha(script.sha, len(keys), *keys, *arguments)
        return await cast(_Pipeline, pipeline).execute(raise_on_error=False)


def _reply(call: Any) -> Awaitable[Any]:
    # redis-py types commands for its synchronous and asynchronous clients at once.
    return cast(Awaitable[Any], call)


def _position(reply: Sequence[Any]) -> Position:
    try:
        return Position(int(reply[0]), reply[1].decode())
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise InvalidResponse(_NO_LOG) from error
