"""The channel log as a reader needs it that outlives a failover of Redis.

What a server that has taken another's place knows of the past may be shorter, or something else
under the same epoch: `lasts` shows it, `renew_epoch` tells everybody who held a position.
"""

from collections.abc import Sequence
from importlib.resources import files
from secrets import token_hex
from typing import Any, Final, cast

from service_kit.channel_log import ChannelLog

from realtime_gateway.protocol.wire import Entry

_RENEW: Final = files("realtime_gateway.engine").joinpath("renew.lua").read_text("utf-8")


class Log(ChannelLog):
    """The channel log, with what a reader needs after a failover of Redis."""

    async def lasts(self, channels: Sequence[str]) -> list[Entry | None]:
        """The last publications of many channels in one pipeline; None where none is kept."""
        pipeline = self._redis.pipeline(transaction=False)
        for channel in channels:
            pipeline.xrevrange(self._key("stream", channel), count=1)
        # A key that is no stream must not hide all the others.
        found: list[Any] = await cast(Any, pipeline).execute(raise_on_error=False)
        return [_entry(*kept[0]) if isinstance(kept, list) and kept else None for kept in found]

    async def renew_epoch(self, channel: str, epoch: str) -> None:
        """Positions of `epoch` mean nothing any more, wherever they are held."""
        await self._redis.eval(_RENEW, 1, self._key("meta", channel), epoch, token_hex(4))


def _entry(name: bytes, fields: dict[bytes, bytes]) -> Entry:
    return int(name.partition(b"-")[0]), fields.get(b"d", b"")
