"""Passkeys: added, used as the only step and as the second one, refused, removed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pyotp
import pytest
from authenticator import Authenticator
from signing_in import Someone, join, told
from users_running import KEY, PASSWORD, Service, running, some_settings


@pytest.fixture
async def service(users_database: str, redis_url: str) -> AsyncIterator[Service]:
    site = "https://notes.example/"
    async with running(some_settings(users_database, redis_url, public_url=site)) as service:
        yield service


@pytest.fixture
async def ivy(people: httpx.AsyncClient) -> Someone:
    return await join(people, "ivy")


async def add(
    someone: Someone, device: Authenticator, name: str = " My phone "
) -> httpx.Response:
    begun = (await someone("POST", "/v1/account/passkeys/options")).json()
    credential = device.create(begun["options"])
    sent = {"flow": begun["flow"], "credential": credential, "name": name}
    return await someone("POST", "/v1/account/passkeys", json=sent)


@pytest.fixture
async def phone(ivy: Someone) -> Authenticator:
    device = Authenticator()
    answer = await add(ivy, device)
    assert answer.status_code == 201, answer.text
    return device


async def challenge(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post("/v1/passkeys/options")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def answered(client: httpx.AsyncClient, device: Authenticator) -> dict[str, Any]:
    begun = await challenge(client)
    return {"flow": begun["flow"], "credential": device.get(begun["options"])}


async def show(client: httpx.AsyncClient, device: Authenticator) -> httpx.Response:
    sent = await answered(client, device)
    return await client.post("/v1/sessions/passkey", json=sent)


async def test_a_browser_is_asked_for_a_key_that_knows_its_person(ivy: Someone) -> None:
    options = (await ivy("POST", "/v1/account/passkeys/options")).json()["options"]
    assert options["rp"] == {"id": "notes.example", "name": "Notes"}
    assert options["user"]["name"] == "ivy"
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    request = (await challenge(ivy.client))["options"]
    assert (request["rpId"], request["userVerification"]) == ("notes.example", "required")
    assert not request.get("allowCredentials")


async def test_a_passkey_signs_in_without_a_name_or_a_password(
    people: httpx.AsyncClient, ivy: Someone, phone: Authenticator
) -> None:
    done = await show(people, phone)
    assert done.status_code == 201
    now = Someone(people, ivy.id, done.json()["token"])
    listed = (await now("GET", "/v1/account/passkeys")).json()["passkeys"]
    assert [each["name"] for each in listed] == ["My phone"]
    assert listed[0]["last_used_at"] is not None
    lines = (await people.get("/v1/audit?limit=2", auth=KEY)).json()["events"]
    assert [line["event"] for line in lines] == ["signed_in", "passkey_added"]
    assert lines[0]["facts"] == {"by": "passkey"}


async def test_a_passkey_is_renamed_by_its_own_person_only(
    service: Service, ivy: Someone, phone: Authenticator
) -> None:
    (mine,) = (await ivy("GET", "/v1/account/passkeys")).json()["passkeys"]
    path = f"/v1/account/passkeys/{mine['id']}"
    renamed = await ivy("PATCH", path, json={"name": " The old <phone> "})
    assert renamed.json() == {**mine, "name": "The old <phone>"}
    for name in ("", " ", "x" * 256, "a\x00b"):
        wrong = await ivy("PATCH", path, json={"name": name})
        assert told(wrong) == (422, "invalid_field")
    other = await join(service.client(), "other")
    assert told(await other("PATCH", path, json={"name": "x"})) == (404, "passkey_not_found")
    (now,) = (await ivy("GET", "/v1/account/passkeys")).json()["passkeys"]
    assert now["name"] == "The old <phone>"


async def test_a_challenge_serves_once_and_for_five_minutes(
    service: Service, people: httpx.AsyncClient, phone: Authenticator
) -> None:
    sent = await answered(people, phone)
    assert (await people.post("/v1/sessions/passkey", json=sent)).status_code == 201
    again = await people.post("/v1/sessions/passkey", json=sent)
    assert told(again) == (403, "passkey_refused")
    sent = await answered(people, phone)
    service.clock.move(minutes=5)
    late = await people.post("/v1/sessions/passkey", json=sent)
    assert told(late) == (403, "passkey_refused")


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://notes.example"},
        {"rp_id": "evil.example"},
        {"verifies": False},
        {"counter": 0},
        {"user_handle": ""},
        {"user_handle": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"credential_id": b"unknown"},
        {"key": Authenticator().key},
    ],
)
async def test_what_is_not_this_passkey_on_this_site_by_its_person_is_refused(
    people: httpx.AsyncClient, ivy: Someone, phone: Authenticator, wrong: dict[str, Any]
) -> None:
    assert (await show(people, phone)).status_code == 201
    assert told(await show(people, replace(phone, **wrong))) == (403, "passkey_refused")
    events = (await people.get("/v1/audit?event=signed_in&limit=1", auth=KEY)).json()["events"]
    assert [line["result"] for line in events] == ["passkey_refused"]


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"rawId": 1},
        {"rawId": "A"},
        {"rawId": "AAAA", "response": {}},
        {"rawId": "AAAA", "id": "AAAA", "type": "public-key", "response": {"userHandle": 5}},
    ],
)
async def test_nonsense_is_refused_like_a_wrong_passkey(
    people: httpx.AsyncClient, ivy: Someone, phone: Authenticator, credential: dict[str, Any]
) -> None:
    begun = await challenge(people)
    sent = {"flow": begun["flow"], "credential": credential}
    refused = await people.post("/v1/sessions/passkey", json=sent)
    assert told(refused) == (403, "passkey_refused")
    begun = (await ivy("POST", "/v1/account/passkeys/options")).json()
    sent = {"flow": begun["flow"], "credential": credential}
    refused = await ivy("POST", "/v1/account/passkeys", json=sent)
    assert told(refused) == (403, "passkey_refused")


@pytest.mark.parametrize("wrong", [{"origin": "https://evil.example"}, {"verifies": False}])
async def test_a_passkey_of_another_site_or_without_its_person_is_not_added(
    ivy: Someone, wrong: dict[str, Any]
) -> None:
    assert told(await add(ivy, Authenticator(**wrong))) == (403, "passkey_refused")


async def test_a_passkey_belongs_to_one_account(
    people: httpx.AsyncClient, ivy: Someone, phone: Authenticator
) -> None:
    bob = await join(people, "bob")
    assert told(await add(bob, phone)) == (403, "passkey_refused")
    begun = (await bob("POST", "/v1/account/passkeys/options")).json()
    sent = {"flow": begun["flow"], "credential": Authenticator().create(begun["options"])}
    refused = await ivy("POST", "/v1/account/passkeys", json=sent)
    assert told(refused) == (403, "passkey_refused")


async def test_a_passkey_is_the_second_step_too_of_its_own_account_only(
    service: Service, people: httpx.AsyncClient, ivy: Someone, phone: Authenticator
) -> None:
    secret = (await ivy("POST", "/v1/account/totp")).json()["secret"]
    code = pyotp.TOTP(secret).at(int(service.clock().timestamp()))
    await ivy("POST", "/v1/account/totp/confirm", json={"code": code})
    other = Authenticator()
    await add(await join(people, "bob"), other)
    login = {"username": "ivy", "password": PASSWORD}
    asked = (await people.post("/v1/sessions", json=login)).json()["second_factor"]
    assert asked["methods"] == ["totp", "recovery_code", "passkey"]
    path = "/v1/sessions/second-factor"
    token = {"token": asked["token"]}
    foreign = await people.post(path, json={**token, **await answered(people, other)})
    assert told(foreign) == (403, "passkey_refused")
    done = await people.post(path, json={**token, **await answered(people, phone)})
    assert done.status_code == 201
    assert (await show(people, phone)).status_code == 201


async def test_a_passkey_reauthenticates(
    service: Service, people: httpx.AsyncClient, ivy: Someone, phone: Authenticator
) -> None:
    other = Authenticator()
    await add(await join(people, "bob"), other)
    service.clock.move(minutes=15)
    path = "/v1/sessions/current/re-authenticate"
    foreign = await ivy("POST", path, json=await answered(people, other))
    assert told(foreign) == (403, "passkey_refused")
    assert told(await ivy("GET", "/v1/account/export")) == (403, "reauthentication_required")
    proven = await ivy("POST", path, json=await answered(people, phone))
    assert proven.status_code == 200
    assert (await ivy("GET", "/v1/account/export")).status_code == 200


async def test_a_removed_passkey_signs_nobody_in_and_the_last_sign_in_method_stays(
    people: httpx.AsyncClient, ivy: Someone, phone: Authenticator
) -> None:
    await people.post("/update-user/ivy", json={"password": None}, auth=KEY)
    token = (await show(people, phone)).json()["token"]
    ivy = Someone(people, ivy.id, token)
    (only,) = (await ivy("GET", "/v1/account/passkeys")).json()["passkeys"]
    path = f"/v1/account/passkeys/{only['id']}"
    assert told(await ivy("DELETE", path)) == (409, "last_sign_in_method")
    await add(ivy, Authenticator())
    assert (await ivy("DELETE", path)).status_code == 204
    assert told(await ivy("DELETE", path)) == (404, "passkey_not_found")
    assert told(await show(people, phone)) == (403, "passkey_refused")


async def test_a_disabled_account_has_no_passkeys_that_work(
    people: httpx.AsyncClient, ivy: Someone, phone: Authenticator
) -> None:
    await join(people, "bob")
    path = f"/v1/accounts/{ivy.id}"
    await people.patch(f"{path}", json={"role": "reader"}, auth=KEY)
    bob = (await people.get("/v1/accounts?username=bob", auth=KEY)).json()["accounts"][0]
    await people.patch(f"/v1/accounts/{bob['id']}", json={"role": "admin"}, auth=KEY)
    disabled = await people.patch(path, json={"disabled": True}, auth=KEY)
    assert disabled.status_code == 200
    assert told(await show(people, phone)) == (403, "passkey_refused")


async def test_without_a_public_address_there_are_no_passkeys(
    users_database: str, redis_url: str
) -> None:
    async with running(some_settings(users_database, redis_url)) as service:
        people = service.client()
        ivy = await join(people, "ivy")
        assert told(await people.post("/v1/passkeys/options")) == (409, "passkeys_disabled")
        refused = await ivy("POST", "/v1/account/passkeys/options")
        assert told(refused) == (409, "passkeys_disabled")
