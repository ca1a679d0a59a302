"""Which passwords are good enough, and how they are kept and checked."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import argon2
import bcrypt
import pytest
from users_service.app import argon2id
from users_service.credentials import passwords
from users_service.credentials.passwords import Passwords, PasswordVerdict
from users_service.domain.errors import UsersError
from users_service.domain.sign_in_errors import (
    Busy,
    PasswordCommon,
    PasswordContainsName,
    PasswordTooLong,
    PasswordTooShort,
)

COMMON = passwords.common_passwords()
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def quick() -> Iterator[Passwords]:
    hasher = Passwords(QUICK, threads=2, waiting_limit=2)
    yield hasher
    hasher.close()


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("", PasswordTooShort),
        ("sevenxx", PasswordTooShort),
        ("🐟" * 7, PasswordTooShort),
        ("x" * 129, PasswordTooLong),
        ("password", PasswordCommon),
        ("PassWord", PasswordCommon),
        ("qwertyuiop", PasswordCommon),
        ("1234567890", PasswordCommon),
        ("ivysmith-2026", PasswordContainsName),
        ("my-IVYSMITH!", PasswordContainsName),
        ("ivysmith ivysmith ivysmith", PasswordContainsName),
        ("ivysmith12345678", PasswordContainsName),
        ("password-ivysmith", PasswordContainsName),
        ("notes2026", PasswordContainsName),
        ("NotesNotes!!", PasswordContainsName),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(
    password: str, refusal: type[UsersError]
) -> None:
    with pytest.raises(refusal):
        passwords.validate(password, username="ivysmith", common=COMMON)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "x9!kf-Ω2",
        "        8 blanks",
        "🐟🐠🐡🦈🐬🐳🐋🦑",
        "I take my notes by the river",
        "x" * 127 + "y",
        "nul\0 is a character",
    ],
)
def test_any_characters_make_a_password(password: str) -> None:
    passwords.validate(password, username="ivysmith", common=COMMON)


@pytest.mark.parametrize("password", ["correct horse battery ana", "banana bread at noon"])
def test_a_long_password_may_have_the_name_in_it(password: str) -> None:
    passwords.validate(password, username="ana", common=COMMON)


def test_a_name_of_two_letters_does_not_rule_out_half_the_language() -> None:
    passwords.validate("a fish called wanda", username="an", common=COMMON)


def test_the_list_of_common_passwords_has_the_top_3000_of_eight_or_more() -> None:
    assert sum(len(password) >= passwords.MINIMUM for password in COMMON) >= 3000


def test_argon2id_has_the_parameters_of_owasp() -> None:
    hashed = argon2id().hash("x")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_nothing_of_a_long_password_is_ignored(quick: Passwords) -> None:
    long = "x" * 127
    stored = await quick.hash(long + "a")
    assert (await quick.check(long + "a", stored, legacy_cost=None)).is_right
    assert not (await quick.check(long + "b", stored, legacy_cost=None)).is_right


async def test_an_accent_is_the_same_however_it_was_typed(quick: Passwords) -> None:
    stored = await quick.hash("caf\u00e9 au lait")
    assert (await quick.check("cafe\u0301 au lait", stored, legacy_cost=None)).is_right


async def test_a_hash_with_old_parameters_is_replaced(quick: Passwords) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash("secret")
    check = await quick.check("secret", old, legacy_cost=None)
    assert check.is_right
    assert check.replacement is not None
    again = await quick.check("secret", check.replacement, legacy_cost=None)
    assert again == PasswordVerdict(True, replacement=None)


async def test_a_bcrypt_hash_is_replaced_by_argon2id(quick: Passwords) -> None:
    old = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    assert not (await quick.check("wrong", old, legacy_cost=4)).is_right
    check = await quick.check("secret", old, legacy_cost=4)
    assert check.is_right
    assert (check.replacement or "").startswith("$argon2id$")


async def test_a_bcrypt_hash_of_a_long_password_fits_as_it_did_in_the_original(
    quick: Passwords,
) -> None:
    old = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert (await quick.check("x" * 100, old, legacy_cost=4)).is_right


@pytest.mark.parametrize("stored", ["", "$argon2id$broken", "$2b$04$" + "." * 53, "plain"])
async def test_a_broken_hash_fits_nothing(quick: Passwords, stored: str) -> None:
    for password in ("", "plain", "x"):
        assert not (await quick.check(password, stored, legacy_cost=None)).is_right


class CountedWork:
    """Both hashes, counted instead of timed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.argon2 = self.bcrypt = 0
        verify, checkpw = argon2.PasswordHasher.verify, bcrypt.checkpw

        def counted_verify(hasher: Any, *arguments: Any) -> bool:
            self.argon2 += 1
            return verify(hasher, *arguments)

        def counted_checkpw(*arguments: Any) -> bool:
            self.bcrypt += 1
            return checkpw(*arguments)

        monkeypatch.setattr(argon2.PasswordHasher, "verify", counted_verify)
        monkeypatch.setattr(bcrypt, "checkpw", counted_checkpw)


@pytest.mark.parametrize("password", ["wrong", "", "x" * 1024])
@pytest.mark.parametrize(
    ("kind", "legacy_cost"),
    [("nobody", None), ("argon2", None), ("nobody", 4), ("argon2", 4), ("bcrypt", 4)],
)
async def test_a_failed_check_costs_the_same_work_for_everybody(
    quick: Passwords,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    password: str,
    legacy_cost: int | None,
) -> None:
    stored = {
        "nobody": None,
        "argon2": await quick.hash("secret"),
        "bcrypt": bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode(),
    }[kind]
    work = CountedWork(monkeypatch)
    assert await quick.check(password, stored, legacy_cost=legacy_cost) == PasswordVerdict(
        False
    )
    assert (work.argon2, work.bcrypt) == (1, 0 if legacy_cost is None else 1)


class Gate(argon2.PasswordHasher):
    """Hashes only when it is opened."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.opened = threading.Event()
        self.opened.set()
        self.entered = threading.Event()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.entered.set()
        self.opened.wait()
        return super().hash(password, salt=salt)


@pytest.fixture
async def gated() -> AsyncIterator[tuple[Passwords, Gate]]:
    gate = Gate()
    hasher = Passwords(gate, threads=1, waiting_limit=2)
    yield hasher, gate
    gate.opened.set()
    hasher.close()


async def test_a_flood_of_logins_is_told_to_come_back(gated: tuple[Passwords, Gate]) -> None:
    hasher, gate = gated
    gate.opened.clear()
    waiting = [asyncio.create_task(hasher.hash("x")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await hasher.hash("x")
    gate.opened.set()
    await asyncio.gather(*waiting)
    await hasher.hash("x")


async def test_a_caller_who_leaves_keeps_the_place_until_the_thread_is_done(
    gated: tuple[Passwords, Gate],
) -> None:
    hasher, gate = gated
    gate.opened.clear()
    leaving = [asyncio.create_task(hasher.hash("x")) for _ in range(3)]
    await asyncio.to_thread(gate.entered.wait)
    leaving[0].cancel()
    await asyncio.wait(leaving[:1])
    with pytest.raises(Busy):
        await hasher.hash("x")
    gate.opened.set()
    await asyncio.gather(*leaving[1:])
