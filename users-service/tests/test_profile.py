"""What people do to their own account and sessions."""

import httpx
import pytest
from signing_in import Someone, join, sign_in, told
from users_running import PASSWORD, Service
from users_service.sessions.devices import device_name

NEW = "another quiet river"
LINUX_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def boss(people: httpx.AsyncClient) -> Someone:
    return await join(people, "boss")


@pytest.fixture
async def ivy(people: httpx.AsyncClient, boss: Someone) -> Someone:
    return await join(people, "ivy", email="ivy@example.org")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (LINUX_FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/5 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "curl"),
        ("", "Unknown device"),
    ],
)  # fmt: skip
def test_a_device_has_a_name_that_its_owner_knows(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


async def test_people_see_their_sessions_and_which_is_the_present_one(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    service.clock.move(minutes=5)
    phone = service.client("198.51.100.7", headers={"User-Agent": LINUX_FIREFOX})
    other = await sign_in(phone, "ivy")
    listed = (await other("GET", "/v1/sessions")).json()["sessions"]
    assert [(each["current"], each["device"], each["address"]) for each in listed] == [
        (True, "Firefox on Linux", "198.51.100.7"),
        (False, "a Python program", "192.0.2.1"),
    ]
    service.clock.move(days=8)
    again = await sign_in(people, "ivy")
    assert len((await again("GET", "/v1/sessions")).json()["sessions"]) == 1


async def test_people_end_one_session_or_all_others_and_nobody_elses(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone
) -> None:
    others = [await sign_in(people, "ivy") for _ in range(3)]
    gone = await others[0].session_id()
    assert told(await boss("DELETE", f"/v1/sessions/{gone}")) == (404, "session_not_found")
    assert (await ivy("DELETE", f"/v1/sessions/{gone}")).status_code == 204
    assert told(await others[0]("GET", "/v1/sessions")) == (401, "session_ended")
    assert told(await ivy("DELETE", f"/v1/sessions/{gone}")) == (404, "session_not_found")
    assert (await ivy("DELETE", "/v1/sessions/others")).json() == {"ended": 2}
    assert told(await others[1]("GET", "/v1/sessions")) == (401, "session_ended")
    assert (await ivy("GET", "/v1/sessions")).status_code == 200
    assert (await boss("GET", "/v1/sessions")).status_code == 200


async def test_a_new_password_needs_the_old_one_and_ends_every_session(
    people: httpx.AsyncClient, ivy: Someone
) -> None:
    other = await sign_in(people, "ivy")
    for old in ("wrong", None):
        sent = {"old_password": old, "new_password": NEW}
        refused = await ivy("PUT", "/v1/account/password", json=sent)
        assert told(refused) == (401, "wrong_credentials")
    common = {"old_password": PASSWORD, "new_password": "password1"}
    refused = await ivy("PUT", "/v1/account/password", json=common)
    assert told(refused) == (422, "password_common")
    before = await ivy.session_id()
    sent = {"old_password": PASSWORD, "new_password": NEW}
    changed = (await ivy("PUT", "/v1/account/password", json=sent)).json()
    assert changed["id"] != before
    for ended in (ivy, other):
        assert told(await ended("GET", "/v1/sessions")) == (401, "session_ended")
    now = Someone(people, ivy.id, changed["token"])
    assert (await now("GET", "/v1/sessions")).status_code == 200
    await sign_in(people, "ivy", NEW)


async def test_what_changes_how_one_signs_in_needs_authentication_of_the_last_15_minutes(
    service: Service, ivy: Someone
) -> None:
    service.clock.move(minutes=15)
    for method, path, sent in [
        ("PATCH", "/v1/account", {"email": "new@example.org"}),
        ("GET", "/v1/account/export", None),
        ("DELETE", "/v1/account", None),
    ]:
        refused = await ivy(method, path, json=sent)
        assert told(refused) == (403, "reauthentication_required")
    path = "/v1/sessions/current/re-authenticate"
    assert told(await ivy("POST", path, json={"password": "x"})) == (401, "wrong_credentials")
    proven = await ivy("POST", path, json={"password": PASSWORD})
    assert proven.json()["reauthenticated_at"].startswith("2026-03-01T12:15")
    changed = await ivy("PATCH", "/v1/account", json={"email": "new@example.org"})
    assert changed.json()["email"] == "new@example.org"


async def test_a_profile_has_a_name_and_an_address_and_may_have_neither(ivy: Someone) -> None:
    mine = (await ivy("GET", "/v1/account")).json()
    assert (mine["name"], mine["email"], mine["has_password"]) == (
        "ivy",
        "ivy@example.org",
        True,
    )
    named = (await ivy("PATCH", "/v1/account", json={"name": " Ivy Smith "})).json()
    assert (named["name"], named["email"]) == ("Ivy Smith", "ivy@example.org")
    bare = (await ivy("PATCH", "/v1/account", json={"name": None, "email": None})).json()
    assert (bare["name"], bare["email"]) == ("ivy", None)
    for wrong in ({"name": " "}, {"name": "a\0"}, {"email": "x"}, {"roles": ["admin"]}):
        assert (await ivy("PATCH", "/v1/account", json=wrong)).status_code == 422


async def test_an_export_holds_everything_about_one_person_and_no_secret(ivy: Someone) -> None:
    answer = await ivy("GET", "/v1/account/export")
    export = answer.json()
    assert export["account"]["email"] == "ivy@example.org"
    assert [each["current"] for each in export["sessions"]] == [True]
    assert [each["provider"] for each in export["identities"]] == ["local"]
    events = [line["event"] for line in export["audit"]]
    assert events == ["account_exported", "signed_in", "account_created"]
    assert ivy.token not in answer.text
    assert "argon2" not in answer.text


async def test_a_deleted_account_is_gone_and_its_name_is_nobodys_for_a_year(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    assert (await ivy("DELETE", "/v1/account")).status_code == 204
    assert told(await ivy("GET", "/v1/sessions")) == (401, "session_ended")
    sent = {"username": "IVY", "password": PASSWORD}
    assert told(await people.post("/v1/accounts", json=sent)) == (409, "username_taken")
    service.clock.move(days=365)
    assert (await people.post("/v1/accounts", json=sent)).status_code == 201


async def test_the_last_administrator_cannot_leave(boss: Someone, ivy: Someone) -> None:
    assert told(await boss("DELETE", "/v1/account")) == (409, "last_administrator")
    raised = await boss("PATCH", f"/v1/accounts/{ivy.id}", json={"role": "admin"})
    assert raised.json()["roles"] == ["editor", "admin"]
    assert (await boss("DELETE", "/v1/account")).status_code == 204


async def test_where_a_person_is_is_believed_from_the_key_beside_their_token(
    ivy: Someone,
) -> None:
    said = {"X-Forwarded-For": "203.0.113.7", "X-API-Key": "them:a-key-for-tests-only"}
    await ivy("GET", "/v1/account/export", headers=said)
    wrong = {**said, "X-API-Key": "them:wrong"}
    lines = (await ivy("GET", "/v1/account/export", headers=wrong)).json()["audit"]
    assert [line["address"] for line in lines[:2]] == ["192.0.2.1", "203.0.113.7"]
    # It speaks for everybody, so it is nobody's right.
    key = {"X-API-Key": "them:a-key-for-tests-only"}
    refused = await ivy("GET", "/v1/audit", headers=key)
    assert told(refused) == (403, "not_allowed")
