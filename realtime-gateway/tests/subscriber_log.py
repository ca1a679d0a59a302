"""What one subscriber was told, held against what the protocol promises.

No gap, no repeat, no reordering; or the subscriber is told that it has to begin anew.
"""

from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


@dataclass
class Published:
    """What was sent to one channel: what Redis has confirmed, and all that was tried."""

    confirmed: dict[tuple[str, int], Any] = field(default_factory=dict)
    tried: set[Any] = field(default_factory=set)

    def wrong(self, epoch: str, received: dict[int, Any]) -> list[str]:
        """What came by these offsets and was not sent so.

        A publication that was cut off may be in the channel without a confirmation.
        """
        found = []
        for offset, data in received.items():
            if data not in self.tried:
                found.append(f"{data!r} was never published")
            elif self.confirmed.get((epoch, offset), data) != data:
                found.append(f"{data!r} came as {offset}, which is another")
        return found


@dataclass
class SubscriberLog:
    offset: int = 0
    epoch: str = ""
    received: dict[int, Any] = field(default_factory=dict)
    """Since the subscription began, or had to begin anew."""
    faults: list[str] = field(default_factory=list)
    began_anew: int = 0
    recovered: int = 0

    @property
    def since(self) -> Message:
        """How to ask for what was missed."""
        if not self.epoch:
            return {}
        return {"recover": True, "offset": self.offset, "epoch": self.epoch}

    def subscribed(self, reply: Message) -> None:
        offset, epoch = reply.get("offset", 0), reply["epoch"]
        missed = reply.get("publications", [])
        if self.epoch and reply.get("recovered"):
            self.recovered += 1
            if epoch != self.epoch:
                self.faults.append(f"recovered in epoch {epoch}, asked for {self.epoch}")
            if offset != self.offset:
                self.faults.append(f"recovered from {offset}, asked for {self.offset}")
            for publication in missed:
                self.publication(publication)
            return
        self.began_anew += bool(self.epoch)
        if missed:
            self.faults.append("publications of a recovery that failed")
        self.offset, self.epoch = offset, epoch
        self.received = {}

    def publication(self, publication: Message) -> None:
        offset = publication["offset"]
        if offset != self.offset + 1:
            self.faults.append(f"{offset} came after {self.offset}")
        self.offset = offset
        self.received[offset] = publication["data"]

    def verdict(self, published: Published, top: Message) -> list[str]:
        """Everything that is wrong when all is quiet; `top` is the history's position."""
        found = list(self.faults)
        if (self.offset, self.epoch) != (top["offset"], top["epoch"]):
            here, there = (self.offset, self.epoch), (top["offset"], top["epoch"])
            found.append(f"stands at {here}, the channel at {there}")
        return found + published.wrong(self.epoch, self.received)
