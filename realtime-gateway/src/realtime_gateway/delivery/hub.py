"""The channels that this node follows, by name. Pure: no I/O, no clock."""

from typing import Generic, TypeVar

from realtime_gateway.delivery.channel import Channel

M = TypeVar("M")


class Hub(Generic[M]):
    """All channels of this node by name."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel[M]] = {}

    def open(self, name: str, *, is_tracked: bool) -> Channel[M]:
        """The channel of that name, made if this node has none; a new one is not settled."""
        channel = self.channels.get(name)
        if channel is None:
            channel = self.channels[name] = Channel(name, is_tracked=is_tracked)
        return channel

    def leave(self, name: str, member: M, now: float) -> None:
        """Take the member out; an empty channel counts as idle from `now` on."""
        channel = self.channels.get(name)
        if channel is not None:
            channel.members.pop(member, None)
            if not channel.members:
                channel.idle_since = now

    def take_idle(self, before: float) -> list[Channel[M]]:
        """Forget the channels that nobody has been in, or about to be in, since `before`."""
        idle = [
            channel
            for channel in self.channels.values()
            if not channel.members
            and not channel.joining
            and channel.idle_since is not None
            and channel.idle_since <= before
        ]
        for channel in idle:
            del self.channels[channel.name]
        return idle
