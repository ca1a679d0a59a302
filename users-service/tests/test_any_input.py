"""Any text at all as a password, a name, a code or a credential: accepted or refused by the
rules, and what was accepted works. The examples are always the same ones.
"""

import asyncio
import re
import unicodedata
from datetime import UTC, datetime

import argon2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from users_service.credentials import passwords
from users_service.credentials.passwords import Passwords
from users_service.crypto import random_tokens
from users_service.domain import two_factor
from users_service.domain.accounts import (
    GIVEN_TEXT_LIMIT,
    USERNAME_LIMIT,
    names_like,
    new_email,
    new_username,
    shown_name,
    username_key,
)
from users_service.domain.errors import InvalidField, InvalidUsername, UsersError
from users_service.http.authentication import ApiKeys

pytestmark = pytest.mark.slow

COMMON = passwords.common_passwords()
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

any_text = st.text(max_size=140)
# With what Hypothesis leaves out by itself: halves of characters.
torn_text = st.text(st.characters(), max_size=140)
always_the_same = settings(max_examples=200, derandomize=True)
few = settings(max_examples=30, derandomize=True)


@always_the_same
@given(any_text, any_text)
@example("ﬁsh and chips by the sea", "ivy")
@example("\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000", "ivy")
@example("e\u0301" * 64, "ivy")
def test_a_password_is_refused_by_a_rule_that_does_not_quote_it(
    password: str, username: str
) -> None:
    try:
        passwords.validate(password, username=username, common=COMMON)
    except UsersError as refusal:
        told = str(refusal)
        is_quoted = len(password) >= passwords.MINIMUM and password in told
    else:
        is_quoted = False
        length = len(unicodedata.normalize("NFC", password))
        assert passwords.MINIMUM <= length <= passwords.MAXIMUM
        assert password.casefold() not in COMMON
    assert not is_quoted


@few
@given(st.text(min_size=1, max_size=128), st.text(max_size=128))
def test_any_password_fits_its_own_hash_and_no_other_does(password: str, other: str) -> None:
    async def check() -> tuple[bool, bool, bool]:
        hasher = Passwords(CHEAP, threads=1, waiting_limit=2)
        try:
            stored = await hasher.hash(password)
            right = await hasher.check(password, stored, legacy_cost=None)
            wrong = await hasher.check(other, stored, legacy_cost=None)
            return right.is_right, wrong.is_right, password in stored and len(password) > 8
        finally:
            hasher.close()

    same = unicodedata.normalize("NFC", password) == unicodedata.normalize("NFC", other)
    assert asyncio.run(check()) == (True, same, False)


@always_the_same
@given(torn_text)
@example("ﬀ")
@example("İstanbul")
def test_a_username_is_kept_so_that_keeping_it_again_changes_nothing(typed: str) -> None:
    try:
        kept = new_username(typed)
    except InvalidUsername:
        return
    assert new_username(kept) == kept
    assert len(kept) <= USERNAME_LIMIT
    assert re.fullmatch(r"\w[\w.@+-]*", kept)
    assert username_key(kept) == username_key(username_key(kept))
    assert username_key(kept) == username_key(kept.upper().lower()) or (
        # Some letters have no way back from their capital.
        kept.upper().lower() != kept.lower()
    )


@always_the_same
@given(st.none() | torn_text)
def test_an_external_identity_gets_a_username_that_one_may_have(wanted: str | None) -> None:
    names = list(names_like(wanted, 12))
    assert len(set(names)) == 12
    for name in names:
        assert new_username(name) == name


@always_the_same
@given(st.none() | torn_text)
def test_a_name_that_a_provider_says_can_be_kept_and_shown(name: str | None) -> None:
    shown = shown_name(name)
    assert shown == shown_name(shown)
    if shown is not None:
        assert 0 < len(shown) <= GIVEN_TEXT_LIMIT
        shown.encode()
        assert "\n" not in shown


@always_the_same
@given(torn_text)
def test_an_email_address_is_refused_or_is_one_line_with_two_sides(typed: str) -> None:
    try:
        kept = new_email(typed)
    except InvalidField:
        return
    assert kept.count("@") == 1
    assert not any(character.isspace() for character in kept)


@always_the_same
@given(torn_text)
def test_no_text_but_the_code_of_now_is_the_code_of_now(typed: str) -> None:
    step = two_factor.totp_step(SECRET, typed, NOON)
    if step is not None:
        assert re.fullmatch(r"\d{6}", "".join(typed.split()))


@always_the_same
@given(st.sampled_from(two_factor.new_recovery_codes()), st.text(" -\t", max_size=3))
def test_a_recovery_code_is_one_however_it_is_typed(code: str, between: str) -> None:
    typed = between.join(code.replace("-", "").upper())
    assert two_factor.recovery_code_as_kept(typed) == two_factor.recovery_code_as_kept(code)


@always_the_same
@given(torn_text)
def test_the_digest_of_anything_is_a_digest(secret: str) -> None:
    assert len(random_tokens.digest(secret)) == 32
    assert len(random_tokens.new_secret()) >= 43  # 256 bits


@always_the_same
@given(st.binary(max_size=80))
def test_any_authorization_is_a_key_of_ours_or_none(value: bytes) -> None:
    keys = ApiKeys.parse("web:a-key-for-tests-only")
    for scheme in (b"", b"Basic ", b"basic ", b"Bearer "):
        headers = [(b"authorization", scheme + value), (b"x-api-key", value)]
        request = Request({"type": "http", "headers": headers})
        assert keys.holder(request) is None
        assert not keys.may_forward(request)


@pytest.mark.parametrize("pairs", ["", ",", "web", "web:", ":secret", "web:secret,ops"])
def test_api_keys_that_are_none_are_refused_without_being_quoted(pairs: str) -> None:
    with pytest.raises(ValueError) as refusal:
        ApiKeys.parse(pairs)
    assert "secret" not in str(refusal.value).replace("name:secret", "")
