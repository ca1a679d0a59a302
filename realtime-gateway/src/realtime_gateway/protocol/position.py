"""Where something stands in a channel. Standard library only."""

from typing import NamedTuple


class StreamPosition(NamedTuple):
    """A place in a channel's log: its offset, and the epoch in which that offset counts.

    An empty epoch fits any; (0, "") is the place before everything. The protocol's
    StreamPosition.
    """

    offset: int
    epoch: str
