"""Which connections each user has on this node."""

from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """A connection that belongs to a user."""

    @property
    def user(self) -> str:
        """The user's id; empty for an anonymous client."""


C = TypeVar("C", bound=Named)


class Users(Generic[C]):
    """The connections of each user."""

    def __init__(self) -> None:
        self._by_name: dict[str, set[C]] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def of(self, user: str) -> frozenset[C]:
        """The user's connections on this node."""
        return frozenset(self._by_name.get(user, ()))

    def add(self, connection: C, user: str, *, limit: int) -> bool:
        """False, and not added, if a named user has `limit` of them already (0: no limit)."""
        held = self._by_name.setdefault(user, set())
        if limit and user and len(held) >= limit:
            return False
        held.add(connection)
        return True

    def remove(self, connection: C, user: str) -> None:
        """Forget one connection; nothing happens if it is not there."""
        held = self._by_name.get(user, set())
        held.discard(connection)
        if not held:
            self._by_name.pop(user, None)
