"""What a browser keeps for us: only what we signed is read, for one purpose, for so long."""

import time

import pytest
from notes_web.signed_cookies import Signer

SECRET = "a-secret-of-thirty-two-characters"
# Made by the build before this one, with SECRET.
OLD_MESSAGE = "eyJ0ZXh0IjogIlNhdmVkLiJ9.xTs58AMLM21owmFfpicKOnZAdRQdV5jkWrXpRG8etvc"
OLD_FORM_TOKEN = "gfdJk81-2b2mUDFw89PgFmmKUrE--gPlTHJrnzNTaMI"


@pytest.fixture
def signer() -> Signer:
    return Signer(SECRET)


def test_what_was_signed_comes_back(signer: Signer) -> None:
    value = {"text": "Größe “x”", "undo": None, "many": ["a" * 2000]}
    assert signer.loads("message", signer.dumps("message", value), seconds=60) == value


def test_what_the_build_before_signed_is_still_read(signer: Signer) -> None:
    """One release long: cookies and open forms outlive an upgrade."""
    assert signer.loads("message", OLD_MESSAGE, seconds=60) == {"text": "Saved."}
    assert signer.loads("flow", OLD_MESSAGE) is None
    assert signer.fits("csrf", "a-session", OLD_FORM_TOKEN)
    assert signer.mac("csrf", "a-session") == OLD_FORM_TOKEN


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_nothing_that_was_changed_is_read(signer: Signer, old: bool) -> None:
    signed = OLD_MESSAGE if old else signer.dumps("message", {"text": "Saved."})
    payload, _, rest = signed.partition(".")
    changed = [f"{payload}x.{rest}", f"{payload[:-1]}.{rest}", f"{payload}.x{rest}", payload]
    changed += [signed[:-2], f"{signed}x", f"x{signed}", f".{signed}", "", ".", "..", "é.ü.ö"]
    assert [each for each in changed if signer.loads("message", each) is not None] == []


def test_a_signature_serves_one_purpose_and_one_secret(signer: Signer) -> None:
    signed = signer.dumps("message", {"text": "Saved."})
    assert signer.loads("flow", signed) is None
    assert Signer(SECRET + "x").loads("message", signed) is None
    assert not signer.fits("message", "a-session", signer.mac("csrf", "a-session"))
    # Nor does a signed value of one format pass for one of the other.
    value, _, mac = signed.rpartition(".")
    assert not signer.fits("message", value, mac)


def test_a_value_is_read_for_as_long_as_its_cookie_lives(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    signed = signer.dumps("message", {"text": "Saved."})
    for later, is_read in ((-5, True), (0, True), (58, True), (61, False), (86400, False)):
        monkeypatch.setattr(time, "time", lambda later=later: now + later)
        assert (signer.loads("message", signed, seconds=60) is not None) == is_read, later
    assert signer.loads("message", signed) is not None
