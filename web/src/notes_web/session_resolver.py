"""Who is at the other end: a session cookie becomes an account and a 5-minute access token.

users-service is asked for every page, so a session that ended is gone at once. While it cannot
be reached, the last access token that has not run out stands in (at most `room` are kept), and
whoever has none waits for it a while; a session that we cannot judge is never called ended.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from service_kit.logs import area

from notes_web.clients.http import Refused, Unreachable
from notes_web.clients.users import UsersClient
from notes_web.clients.users_types import TokenOut

debug = area("notes:sessions")

# A token that runs out on its way to the next service helps nobody.
_MARGIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a session belongs to."""

    id: str
    name: str
    roles: frozenset[str]

    @property
    def is_admin(self) -> bool:
        """Whether the account administers this site."""
        return "admin" in self.roles

    @property
    def may_write(self) -> bool:
        """Whether the account can write notes and comments."""
        return bool(self.roles & {"editor", "admin"})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: an account with its access token, or nobody known."""

    account: Account | None = None
    token: str | None = None
    is_unknown: bool = False
    """There is a session, but nobody could say whose."""


class SessionResolver:
    """Resolves session tokens to principals, and keeps the last `room` of them."""

    def __init__(
        self, users: UsersClient, *, now: Callable[[], datetime], room: int = 1024
    ) -> None:
        self._users, self._now, self._room = users, now, room
        self._last: OrderedDict[bytes, tuple[Principal, datetime]] = OrderedDict()

    async def resolve(self, session: str) -> Principal:
        """Returns who the session belongs to; never raises."""
        if not session:
            return Principal()
        last = self._remembered(session)
        try:
            granted = await self._users.token(session, is_patient=last.is_unknown)
        except Refused as refusal:
            debug.debug("session refused: %s", refusal.code)
            self.forget(session)
            return Principal(is_unknown=refusal.status == 429)
        except Unreachable:
            debug.debug("users-service is away, is there a last token: %s", not last.is_unknown)
            return last
        return self._remember(session, granted)

    def forget(self, session: str) -> None:
        """Drops what was kept about a session that ends."""
        self._last.pop(_fingerprint(session), None)

    def _remember(self, session: str, granted: TokenOut) -> Principal:
        known = granted["account"]
        account = Account(known["id"], known["name"], frozenset(known.get("roles", ())))
        principal = Principal(account, granted["token"])
        expires = datetime.fromisoformat(granted["expires_at"])
        key = _fingerprint(session)
        self._last[key] = (principal, expires)
        self._last.move_to_end(key)
        if len(self._last) > self._room:
            self._last.popitem(last=False)
        return principal

    def _remembered(self, session: str) -> Principal:
        principal, expires = self._last.get(_fingerprint(session), (None, None))
        if principal is None or expires is None or expires - _MARGIN <= self._now():
            return Principal(is_unknown=True)
        return principal


def _fingerprint(session: str) -> bytes:
    # The session token itself is kept nowhere but in the browser.
    return hashlib.sha256(session.encode()).digest()
