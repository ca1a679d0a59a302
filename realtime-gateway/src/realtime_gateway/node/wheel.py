"""One timer for all connections: who has to be woken at which tick.

A sleeper stands at most once in the wheel, so the wheel is as large as the number of
connections, and putting, moving and removing one costs the same with ten of them or with ten
thousand. Pure: the caller says what time it is.
"""

from typing import Final, Generic, Protocol, TypeVar

TICK: Final = 0.1
"""Seconds; deadlines are rounded up to it."""


class Sleeper(Protocol):
    """Something that can stand in a wheel."""

    wake_tick: int
    """0 while it stands in no wheel. Only the wheel writes it."""


S = TypeVar("S", bound=Sleeper)


class Wheel(Generic[S]):
    """Who has to be woken at which tick."""

    def __init__(self, now: float) -> None:
        self._slots: dict[int, set[S]] = {}
        self._tick = int(now / TICK)

    def put(self, sleeper: S, at: float) -> None:
        """Wake `sleeper` at the time `at`, and not at the one it had before."""
        tick = max(int(at / TICK) + 1, self._tick + 1)
        if tick == sleeper.wake_tick:
            return
        self.remove(sleeper)
        sleeper.wake_tick = tick
        self._slots.setdefault(tick, set()).add(sleeper)

    def remove(self, sleeper: S) -> None:
        """Take it out; nothing happens if it is in no wheel."""
        if slot := self._slots.get(sleeper.wake_tick):
            slot.discard(sleeper)
        sleeper.wake_tick = 0

    def advance(self, now: float) -> list[S]:
        """Everyone whose time has come by `now`; they leave the wheel."""
        woken: list[S] = []
        until = int(now / TICK)
        while self._tick < until:
            self._tick += 1
            for sleeper in self._slots.pop(self._tick, ()):
                sleeper.wake_tick = 0
                woken.append(sleeper)
        return woken
