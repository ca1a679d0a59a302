"""The rules, as tables."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from users_service.domain import sign_in_errors
from users_service.domain.accounts import (
    Account,
    first_roles,
    may_exist,
    names_like,
    new_email,
    new_name,
    new_username,
    shown_name,
    username_key,
)
from users_service.domain.errors import InvalidField, InvalidUsername, UsersError
from users_service.domain.sessions import Client, Session, start_session
from users_service.http import problems

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_account(**changes: Any) -> Account:
    nothing = dict.fromkeys(
        ["name", "provider", "family_name", "given_name", "middle_name", "emails", "photos"]
    )
    basis = {"id": UUID(int=1), "username": "ivy", "roles": ("editor",), "disabled_at": None}
    return Account(**{**nothing, **basis, **changes})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ivy", "ivy"),
        ("  ivy ", "ivy"),
        ("Ivy.Smith-2@example.org", "Ivy.Smith-2@example.org"),
        ("i", "i"),
        ("x" * 64, "x" * 64),
        ("Zoe\u0308", "Zo\u00eb"),
        ("李", "李"),
    ],
)
def test_a_new_username_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert new_username(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", " ", "x" * 65, "a b", "a/b", "<b>", "a\0", "a\u202eb", ".hidden", "@ivy", "🐟"],
)
def test_a_new_username_has_letters_digits_and_a_few_signs(typed: str) -> None:
    with pytest.raises(InvalidUsername):
        new_username(typed)


# Format characters, fillers that count as letters, blanks that are drawn as nothing.
INVISIBLE = (
    "\u200b", "\u200d", "\u2060", "\ufeff", "\u3164", "\u1160", "\u115f", "\uffa0", "\u2800",
    "\u202e", "\u2066\u2069", "\u00ad", "\u034f", "\u061c", "\u180e", "\ufe0f", "\U000e0061",
    "\U00013441", "\u3000\u200e", "\u3164\u2800",
)  # fmt: skip
names_of_nothing = pytest.mark.parametrize("unseen", INVISIBLE, ids=ascii)


@names_of_nothing
def test_what_shows_nothing_is_no_username_and_no_part_of_one(unseen: str) -> None:
    for typed in (unseen, unseen * 3, f"ivy{unseen}", f"i{unseen}vy"):
        with pytest.raises(InvalidUsername):
            new_username(typed)
    assert next(names_like(unseen, 1)) == "person"
    assert next(names_like(f"i{unseen}vy", 1)) == "ivy"


@names_of_nothing
def test_what_shows_nothing_is_no_name(unseen: str) -> None:
    for typed in (unseen, f" {unseen} {unseen}", unseen * 50):
        with pytest.raises(InvalidField):
            new_name(typed)
        assert shown_name(typed) is None
        assert an_account(name=typed).display_name == "ivy"
        assert an_account(given_name=typed, family_name="Smith").display_name == "Smith"
        assert an_account(name=typed, given_name="Ivy").display_name == "Ivy"


@pytest.mark.parametrize(
    "name", ["علی\u200cرضا", "👩\u200d🚀", "ㅤIvy", "\u2067אבי\u2069", "।", "-"]
)
def test_a_name_may_have_what_joins_and_turns_its_letters(name: str) -> None:
    assert new_name(f" {name} ") == name


def test_who_has_such_a_name_may_still_sign_in() -> None:
    assert may_exist("\u3164")


@pytest.mark.parametrize("name", ["Ivy\u2028Smith", "Ivy\u2029", "Ivy\nSmith", "I\x1bvy"])
def test_a_name_is_one_line(name: str) -> None:
    with pytest.raises(InvalidField):
        new_name(name + "!")


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ivy", "IVY", True),
        ("ivy", "ｉｖｙ", True),
        ("straße", "STRASSE", True),
        ("zo\u00eb", "zoe\u0308", True),
        ("ivy", "ivo", False),
    ],
)
def test_names_that_look_alike_have_one_key(one: str, other: str, alike: bool) -> None:
    assert (username_key(one) == username_key(other)) is alike


@pytest.mark.parametrize("email", ["", "ivy", "ivy@", "@x", "a b@x", "a@b@c", "a\n@x"])
def test_an_email_address_has_two_sides(email: str) -> None:
    with pytest.raises(InvalidField):
        new_email(email)


@pytest.mark.parametrize(
    ("account", "shown"),
    [
        (an_account(), "ivy"),
        (an_account(family_name="Smith"), "Smith"),
        (an_account(given_name="Ivy", middle_name=" ", family_name="Smith"), "Ivy Smith"),
        (an_account(name="Ivy the First", given_name="Ivy"), "Ivy the First"),
    ],
)
def test_an_account_shows_the_best_name_it_has(account: Account, shown: str) -> None:
    assert account.display_name == shown


@pytest.mark.parametrize(
    ("invited", "is_first", "roles"),
    [
        (None, False, ("editor",)),
        (None, True, ("editor", "admin")),
        (["editor", "admin"], False, ("editor", "admin")),
        (["reader"], False, ("reader",)),
    ],
)
def test_the_first_is_administrator_and_the_invited_are_as_invited(
    invited: list[str] | None, is_first: bool, roles: tuple[str, ...]
) -> None:
    assert first_roles(invited, is_first=is_first) == roles


@pytest.mark.parametrize(
    ("seen_after", "asked_after", "alive"),
    [
        (timedelta(0), timedelta(days=6, hours=23), True),
        (timedelta(0), timedelta(days=7), False),
        (timedelta(days=6), timedelta(days=12), True),
        (timedelta(days=29), timedelta(days=30), False),
    ],
)
def test_a_session_ends_after_7_idle_days_and_30_in_any_case(
    seen_after: timedelta, asked_after: timedelta, alive: bool
) -> None:
    started = start_session(
        UUID(int=2),
        account_id=UUID(int=1),
        client=Client(address=None),
        now=NOON,
        authenticated_at=NOON,
    )
    seen = Session(
        **{
            **{f: getattr(started, f) for f in started.__slots__},
            "last_seen_at": NOON + seen_after,
        }
    )
    assert seen.is_alive(NOON + asked_after) is alive


def _all_errors(root: type[UsersError]) -> set[type[UsersError]]:
    return {leaf for each in root.__subclasses__() for leaf in {each} | _all_errors(each)}


def test_every_refusal_has_a_status_and_a_code_of_its_own() -> None:
    everything = _all_errors(UsersError)
    assert set(problems.STATUS) == everything
    assert len({error.code for error in everything}) == len(everything)


def test_no_refusal_can_hold_a_password() -> None:
    fields = {field for error in _all_errors(UsersError) for field in error.__annotations__} - {
        "code"
    }
    assert fields <= {
        "username",
        "field",
        "rule",
        "limit",
        "scope",
        "check",
        "minimum",
        "maximum",
        "retry_after",
    }
    assert issubclass(sign_in_errors.PasswordCommon, UsersError)
