"""Who listens to what during a run: subscribers in equal parts on channels, and idle others."""

from dataclasses import dataclass


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
        if self.listeners % self.channels:
            raise ValueError(
                f"{self.listeners} subscribers do not fill {self.channels} channels"
            )

    @property
    def connections(self) -> int:
        return self.listeners + self.idle

    @property
    def fanout(self) -> int:
        """Deliveries of one publication."""
        return self.listeners // self.channels

    def channel_of(self, client: int) -> int:
        if client < self.listeners:
            return client % self.channels
        return self.channels + (client - self.listeners) % self.idle_channels

    def at_most(self, connections: int) -> "Audience":
        """As much of it as so many connections allow."""
        if self.connections <= connections:
            return self
        idle = min(self.idle, max(0, connections - self.listeners))
        listeners = min(self.listeners, connections) // self.channels * self.channels
        return Audience(listeners, self.channels, idle, self.idle_channels)
