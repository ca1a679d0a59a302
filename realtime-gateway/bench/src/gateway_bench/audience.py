"""Who listens to what during a run: subscribers in equal parts on channels, and idle others."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Audience:
    """`listeners` on the `channels` that are published to, in equal parts, and `idle` others.

    The idle ones come in beside them, on `idle_channels` channels that stay silent.
    """

    listeners: int
    channels: int = 1
    idle: int = 0
    idle_channels: int = 1

    def __post_init__(self) -> None:
        if self.listeners % self.channels or not self.listeners:
            raise ValueError(
                f"{self.listeners} subscribers do not fill {self.channels} channels alike"
            )

    @property
    def connections(self) -> int:
        """How many clients there are."""
        return self.listeners + self.idle

    @property
    def fanout(self) -> int:
        """Deliveries of one publication."""
        return self.listeners // self.channels

    def channel_of(self, client: int) -> int:
        """The number of the channel that a client is in."""
        if client < self.listeners:
            return client % self.channels
        return self.channels + (client - self.listeners) % self.idle_channels

    def at_most(self, connections: int) -> "Audience":
        """As much of it as so many connections allow."""
        if self.connections <= connections:
            return self
        if self.listeners <= connections:
            return replace(self, idle=connections - self.listeners)
        fanout = min(self.fanout, connections)
        channels = min(self.channels, connections // fanout)
        return Audience(channels * fanout, channels, 0, self.idle_channels)
