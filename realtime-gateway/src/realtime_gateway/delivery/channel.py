"""One channel of a node: who is in it, and how far it has come.

The invariant that everything rests on: **every member of a channel has received exactly the
publications up to the channel's position.** So positions are kept once per channel, not once
per client; live publications either continue the position by one, or repeat what is known, or
show a gap. At a gap the channel is unsettled: what arrives is held back until a read of the
history has closed it, for all members at once. Pure: no I/O, no clock.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, Generic, TypeVar

from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.protocol.wire import Entry, push_head

M = TypeVar("M")

HELD_LIMIT: Final = 256
TAIL_BYTES: Final = 65_536
JUST_READ: Final = 1.0
"""Seconds for which what was read counts as still there: after an outage all come at once."""


class Memory(Enum):
    """What memory cannot tell."""

    UNSURE = "the history has to be asked"


UNSURE: Final = Memory.UNSURE


class Channel(Generic[M]):
    """One channel of this node: its members, its position, and its last publications."""

    __slots__ = (
        "checked_at", "epoch", "fresh", "head", "heard_at", "held", "idle_since", "is_settled",
        "is_tracked", "joining", "members", "name", "offset", "read_at", "tail", "tail_bytes",
    )  # fmt: skip

    def __init__(self, name: str, *, is_tracked: bool) -> None:
        self.name = name
        self.head = push_head(name)
        self.members: dict[M, None] = {}
        self.is_tracked = is_tracked
        """Whether the channel has a history, and so a position at all."""
        self.is_settled = False
        self.offset = 0
        self.epoch = ""
        self.fresh: list[Entry] = []
        """Received or caught up with, not yet delivered to the members."""
        self.held: deque[tuple[int, str, bytes]] | None = None
        self.tail: deque[Entry] = deque()
        """The last publications up to the position, so that recovery rarely asks the
        history.
        """
        self.tail_bytes = 0
        self.heard_at = -math.inf
        """When the last publication came in: the history keeps it from then on for its time."""
        self.read_at = -math.inf
        """When the history was last seen to have what is in the tail."""
        self.joining = 0
        self.idle_since: float | None = None
        self.checked_at: float | None = None

    def receive(self, offset: int, epoch: str, fragment: bytes) -> bool:
        """Take a live publication. False: the channel has just become unsettled."""
        if not offset or not self.is_tracked:
            self.fresh.append((offset, fragment))
            return True
        if self.is_settled:
            if epoch == self.epoch:
                if offset == self.offset + 1:
                    self._advance(offset, fragment)
                    return True
                if offset <= self.offset and self._has_seen(offset, fragment):
                    return True
            self.unsettle()
            self._hold(offset, epoch, fragment)
            return False
        self._hold(offset, epoch, fragment)
        return True

    def unsettle(self) -> None:
        """Hold live publications back until a read of the history settles the channel again."""
        self.is_settled = False

    def agrees_with(self, entry: Entry) -> bool:
        """Whether the history's publication is the one that was delivered, as far as known."""
        return entry[0] != self.offset or not self.tail or entry == self.tail[-1]

    def is_contradicted_by(self, top: StreamPosition, entries: Sequence[Entry]) -> bool:
        """Whether a read knows another past under the same epoch.

        A server has failed over that had not received the end of it. `entries` begin
        with the one at this position.
        """
        if top.epoch != self.epoch:
            return False
        return top.offset < self.offset or not all(map(self.agrees_with, entries[:1]))

    def settle(self, top: StreamPosition, entries: Iterable[Entry]) -> bool:
        """Catch up with a read made from this position on; False.

        Publications are lost for good.

        Afterwards the channel is settled, unless what was held back shows the next gap.
        """
        kept = self._catch_up(top, entries)
        if not kept:
            self.forget()
        self.offset, self.epoch = top.offset, top.epoch
        self.is_settled = True
        held, self.held = self.held, None
        for offset, epoch, fragment in held or ():
            if epoch != self.epoch or offset > self.offset + 1:
                self.unsettle()
                break
            if offset == self.offset + 1:
                self._advance(offset, fragment)
        return kept

    def recover(self, since: StreamPosition, cap: int) -> list[Entry] | Memory | None:
        """What is missing after `since`, as far as memory can say; None: more than `cap`."""
        if since.epoch not in ("", self.epoch) or since.offset > self.offset:
            return UNSURE
        return self._after(since.offset, cap)

    def is_kept(self, now: float, seconds: float) -> bool:
        """Whether the history still has its end, which it keeps for `seconds`."""
        return now < self.heard_at + seconds or now < self.read_at + JUST_READ

    def last(self, since: StreamPosition) -> list[Entry] | Memory | None:
        """The last publication for whoever has not got it; None: there is none."""
        if not self.offset or since == (self.offset, self.epoch):
            return [] if self.offset else None
        return [self.tail[-1]] if self.tail else UNSURE

    def last_from(
        self, top: StreamPosition, entries: list[Entry]
    ) -> list[Entry] | Memory | None:
        """The same with the help of a read of the last one."""
        return entries or None if top == StreamPosition(self.offset, self.epoch) else UNSURE

    def recover_from(
        self, since: StreamPosition, cap: int, top: StreamPosition, entries: list[Entry]
    ) -> list[Entry] | Memory | None:
        """The same with the help of a read after `since`; None: it cannot be recovered."""
        if top.epoch != self.epoch or top.offset > self.offset:
            return UNSURE  # this node is behind: it has to settle first
        if since.epoch not in ("", top.epoch) or since.offset > top.offset:
            return None
        if not _is_gapless(since.offset, entries, top.offset):
            return None
        newer = self._after(top.offset, cap)
        if newer is UNSURE or newer is None:
            return newer
        found = [*entries, *newer]
        self._remember(found)
        return found if len(found) <= cap else None

    def forget(self) -> None:
        """Remember no past publications; recovery has to ask the history."""
        self.tail.clear()
        self.tail_bytes = 0

    def take_fresh(self) -> list[Entry]:
        """Take what the members have not been sent yet, oldest first."""
        fresh, self.fresh = self.fresh, []
        return fresh

    def _after(self, offset: int, cap: int) -> list[Entry] | Memory | None:
        missing = self.offset - offset
        if missing > cap:
            return None
        if missing > len(self.tail):
            return UNSURE
        # The tail ends at the position and has no gaps: the last ones are the missing ones.
        return [self.tail[index] for index in range(len(self.tail) - missing, len(self.tail))]

    def _remember(self, found: list[Entry]) -> None:
        """What one client has missed the next one probably has, too.

        After an outage all come back from the same few positions, and only the first
        ones ask the history.
        """
        size = sum(len(fragment) for _, fragment in found)
        if len(found) > len(self.tail) and size <= TAIL_BYTES:
            self.tail = deque(found)
            self.tail_bytes = size

    def _catch_up(self, top: StreamPosition, entries: Iterable[Entry]) -> bool:
        if not self.epoch:
            return True
        known = self.offset
        listed = list(entries)
        if top.epoch != self.epoch or not _is_gapless(known, listed, top.offset):
            return False
        for offset, fragment in listed:
            self._advance(offset, fragment)
        return True

    def _advance(self, offset: int, fragment: bytes) -> None:
        self.offset = offset
        self.fresh.append((offset, fragment))
        self.tail.append((offset, fragment))
        self.tail_bytes += len(fragment)
        while self.tail_bytes > TAIL_BYTES:
            self.tail_bytes -= len(self.tail.popleft()[1])

    def _has_seen(self, offset: int, fragment: bytes) -> bool:
        # The same offset with other content: a failed-over server has forgotten some of its
        # past.
        index = len(self.tail) - 1 - (self.offset - offset)
        return index >= 0 and self.tail[index] == (offset, fragment)

    def _hold(self, offset: int, epoch: str, fragment: bytes) -> None:
        if self.held is None:
            # The oldest fall out of a full one; the gap they leave is closed by the next read.
            self.held = deque(maxlen=HELD_LIMIT)
        self.held.append((offset, epoch, fragment))


def _is_gapless(since: int, entries: list[Entry], top: int) -> bool:
    # Offsets in a history rise, so that as many as there should be are all that there are.
    return len(entries) == top - since and (not entries or entries[-1][0] == top)
