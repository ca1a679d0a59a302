"""Passwords: which are good enough, how they are stored, and how they are checked.

Stored as argon2id with OWASP's current parameters. A bcrypt hash that a client of the original
supplied is accepted, and replaced after the next right password. Every check costs the same,
whether or not there is an account, a hash or a match, so its time reveals nothing. Hashing runs
in a few threads, never on the event loop; a bounded number of callers wait, and the next one
gets `Busy`.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

import argon2
import bcrypt
from argon2.exceptions import Argon2Error
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from users_service.domain.sign_in_errors import (
    Busy,
    PasswordCommon,
    PasswordContainsName,
    PasswordTooLong,
    PasswordTooShort,
)

MINIMUM: Final = 8
MAXIMUM: Final = 128
BCRYPT_COST_LIMIT: Final = 14
"""Above it, one check takes over a second; no client of the original made such hashes."""

_APPLICATION_WORDS: Final = ("notes",)
_SHORTEST_NAME_TO_LOOK_FOR: Final = 3
_BCRYPT: Final = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_BCRYPT_READS_BYTES: Final = 72
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PasswordVerdict:
    """The outcome of a check; `replacement` is the hash to store for an outdated one."""

    is_right: bool
    replacement: str | None = None


@cache
def common_passwords() -> frozenset[str]:
    """The 30,000 most used passwords of zxcvbn's list (MIT), as they are compared here."""
    return frozenset(password.casefold() for password in FREQUENCY_LISTS["passwords"])


def validate(password: str, *, username: str, common: frozenset[str]) -> None:
    """Raise the error of the first rule that the password breaks (ASVS 5.0, 6.2).

    PasswordTooShort, PasswordTooLong, PasswordCommon or PasswordContainsName: any characters
    and no rules of composition, but nothing that is guessed first.
    """
    text = _normal(password)
    if len(text) < MINIMUM:
        raise PasswordTooShort(MINIMUM)
    if len(text) > MAXIMUM:
        raise PasswordTooLong(MAXIMUM)
    folded = text.casefold()
    if folded in common:
        raise PasswordCommon
    rest = _without_known_words(folded, _normal(username).casefold())
    if rest != folded and (len(rest) < MINIMUM or rest in common):
        raise PasswordContainsName


def _without_known_words(folded: str, name: str) -> str:
    """Return what is left to guess: a long sentence may contain "notes", or the username."""
    rest = folded
    for word in (name, *_APPLICATION_WORDS):
        if len(word) >= _SHORTEST_NAME_TO_LOOK_FOR:
            rest = rest.replace(word, "")
    return rest.strip(" -_.,:;!") if rest != folded else folded


def bcrypt_cost(text: str) -> int | None:
    """Return the cost of a bcrypt hash, or None if the text is a password."""
    found = _BCRYPT.fullmatch(text)
    return int(found[1]) if found else None


class Passwords:
    """Hashes and checks passwords in threads of its own; close it when the service ends."""

    def __init__(
        self, hasher: argon2.PasswordHasher, *, threads: int, waiting_limit: int
    ) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._limit = threads + waiting_limit
        self._under_way = 0
        # Work for those who have no hash of their own: made with today's parameters.
        self._dummy = hasher.hash("nobody's password")

    def close(self) -> None:
        """Stop taking work; what waits is cancelled, what runs is finished."""
        self._threads.shutdown(cancel_futures=True)

    def refuse_if_full(self) -> None:
        """Raise Busy if no further check could wait, before anything is counted for it."""
        if self._under_way >= self._limit:
            raise Busy

    async def hash(self, password: str) -> str:
        """Return an argon2id hash of the password in Unicode NFC; raise Busy."""
        return await self._in_thread(lambda: self._hasher.hash(_normal(password)))

    async def check(
        self, password: str, stored: str | None, *, legacy_cost: int | None
    ) -> PasswordVerdict:
        """Return whether `stored` is the hash of the password; None is nobody's; raise Busy.

        While bcrypt hashes of `legacy_cost` are left anywhere, a failed check costs one
        argon2id and one bcrypt, whichever of the two (or neither) this account has.
        """
        return await self._in_thread(lambda: self._check(password, stored, legacy_cost))

    def _check(
        self, password: str, stored: str | None, legacy_cost: int | None
    ) -> PasswordVerdict:
        if stored is not None and bcrypt_cost(stored) is not None:
            is_right = _is_bcrypt_of(password, stored)
            if is_right and password:
                return PasswordVerdict(True, replacement=self._hasher.hash(_normal(password)))
            self._is_argon2_of(password, self._dummy)
            return PasswordVerdict(False)
        is_right = self._is_argon2_of(password, stored or self._dummy)
        # An empty password is nobody's: clients of the original stored its hash for
        # accounts that sign in with a provider.
        if is_right and stored is not None and password:
            return PasswordVerdict(True, replacement=self._renewed(password, stored))
        if legacy_cost is not None:
            _is_bcrypt_of(password, _bcrypt_dummy(legacy_cost))
        return PasswordVerdict(False)

    def _is_argon2_of(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, _normal(password))
        except (Argon2Error, ValueError):
            return False

    def _renewed(self, password: str, stored: str) -> str | None:
        if not self._hasher.check_needs_rehash(stored):
            return None
        return self._hasher.hash(_normal(password))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        self.refuse_if_full()
        self._under_way += 1
        try:
            # A caller who leaves does not stop the thread; the place is free when it is done.
            job = self._threads.submit(work)
        except BaseException:
            self._under_way -= 1
            raise
        loop = asyncio.get_running_loop()
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done))
        return await asyncio.wrap_future(job)

    def _done(self) -> None:
        self._under_way -= 1


def _normal(password: str) -> str:
    # One keyboard composes an accent, another sends it alone: the same password (NIST 800-63B).
    return unicodedata.normalize("NFC", password)


def _is_bcrypt_of(password: str, stored: str) -> bool:
    try:
        # The original's library ignored what follows; this one would refuse it.
        return bcrypt.checkpw(password.encode()[:_BCRYPT_READS_BYTES], stored.encode())
    except ValueError:
        return False


def _bcrypt_dummy(cost: int) -> str:
    return f"$2b${cost:02d}$" + "." * 53
