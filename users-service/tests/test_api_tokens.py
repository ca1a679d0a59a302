"""Personal API tokens: what they may do, who sees them, how they end."""

from datetime import datetime
from typing import Any

import httpx
import jwt
import pytest
from local_stack.postgres import Postgres
from signing_in import Someone, join, told
from users_running import Service


@pytest.fixture
async def boss(people: httpx.AsyncClient) -> Someone:
    """An administrator and editor."""
    return await join(people, "boss")


async def make(owner: Someone, *scopes: str, **others: Any) -> str:
    sent = {"name": "a script", "scopes": scopes or ["read"], **others}
    answer = await owner("POST", "/v1/api-tokens", json=sent)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


async def exchange(owner: Someone, token: str, audience: str = "notes") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return await owner.client.post("/v1/tokens", json={"audience": audience}, headers=headers)


def claims(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    said = answer.json()["token"]
    return dict(jwt.decode(said, options={"verify_signature": False}))


@pytest.mark.parametrize(
    ("scopes", "audience", "roles"),
    [
        (["read"], "notes", ["reader"]),
        (["write"], "notes", ["editor"]),
        (["write", "read"], "notes", ["editor"]),
        (["realtime"], "realtime", ["reader"]),
        (["realtime", "write"], "realtime", ["editor"]),
    ],
)
async def test_a_token_may_what_its_scopes_say_and_never_administers(
    boss: Someone, scopes: list[str], audience: str, roles: list[str]
) -> None:
    said = claims(await exchange(boss, await make(boss, *scopes), audience))
    listed = (await boss("GET", "/v1/api-tokens")).json()["api_tokens"]
    assert said["roles"] == roles
    assert set(said["scope"].split()) == set(scopes)
    assert (said["sub"], said["sid"], said["aud"]) == (boss.id, listed[0]["id"], audience)


async def test_a_readers_token_writes_nothing(people: httpx.AsyncClient, boss: Someone) -> None:
    code = (await boss("POST", "/v1/invitations", json={"role": "reader"})).json()["code"]
    reader = await join(people, "reader", invite=code)
    token = await make(reader, "write")
    assert claims(await exchange(reader, token))["roles"] == ["reader"]


@pytest.mark.parametrize(("scope", "audience"), [("read", "realtime"), ("realtime", "notes")])
async def test_a_token_without_the_scope_is_refused(
    boss: Someone, scope: str, audience: str
) -> None:
    refused = await exchange(boss, await make(boss, scope), audience)
    assert told(refused) == (403, "insufficient_scope")


async def test_a_token_opens_nothing_but_access_tokens(boss: Someone) -> None:
    script = Someone(boss.client, boss.id, await make(boss, "read", "write", "realtime"))
    for method, path in [
        ("GET", "/v1/sessions/current"),
        ("GET", "/v1/account"),
        ("GET", "/v1/accounts"),
        ("POST", "/v1/api-tokens"),
    ]:
        assert (await script(method, path, json={})).status_code == 401


async def test_a_token_is_shown_once_and_kept_as_a_hash(
    service: Service, boss: Someone, postgres: Postgres
) -> None:
    token = await make(boss)
    listed = (await boss("GET", "/v1/api-tokens")).json()["api_tokens"]
    assert [each["prefix"] for each in listed] == [token[:12]]
    assert listed[0]["last_used_at"] is None
    await exchange(boss, token)
    listed = (await boss("GET", "/v1/api-tokens")).json()["api_tokens"]
    used = datetime.fromisoformat(listed[0]["last_used_at"])
    assert (used, listed[0]["last_used_from"]) == (service.clock(), "192.0.2.1")
    export = await boss("GET", "/v1/account/export")
    stored = postgres.execute("SELECT api_tokens::text FROM api_tokens", database="users_tests")
    for text in (export.text, stored):
        assert token[:12] in text
        assert token[12:] not in text


async def test_a_token_ends_when_it_expires_is_revoked_or_its_owner_is_out(
    service: Service, people: httpx.AsyncClient, boss: Someone
) -> None:
    ivy = await join(people, "ivy")
    brief, revoked, last = [await make(ivy, expires_in_days=days) for days in (1, 2, None)]
    service.clock.move(hours=23, minutes=58)
    said = claims(await exchange(ivy, brief))
    assert said["exp"] == service.clock().timestamp() + 120
    service.clock.move(minutes=2)
    assert told(await exchange(ivy, brief)) == (401, "invalid_api_token")
    listed = (await ivy("GET", "/v1/api-tokens")).json()["api_tokens"]
    ids = {each["prefix"]: each["id"] for each in listed}
    path = f"/v1/api-tokens/{ids[revoked[:12]]}"
    assert told(await boss("DELETE", path)) == (404, "api_token_not_found")
    assert (await ivy("DELETE", path)).status_code == 204
    assert told(await exchange(ivy, revoked)) == (401, "invalid_api_token")
    assert (await exchange(ivy, last)).status_code == 200
    key = ("them", "a-key-for-tests-only")
    await people.patch(f"/v1/accounts/{ivy.id}", json={"disabled": True}, auth=key)
    assert told(await exchange(ivy, last)) == (401, "invalid_api_token")
    await people.delete(f"/v1/accounts/{ivy.id}", auth=key)
    assert told(await exchange(ivy, last)) == (401, "invalid_api_token")


async def test_making_a_token_needs_a_fresh_session_a_name_and_room(
    service: Service, boss: Someone
) -> None:
    for wrong in ({"name": " "}, {"scopes": []}, {"scopes": ["admin"]}, {"expires_in_days": 0}):
        sent = {"name": "a script", "scopes": ["read"], **wrong}
        assert (await boss("POST", "/v1/api-tokens", json=sent)).status_code == 422
    for _ in range(50):
        await make(boss)
    sent = {"name": "one more", "scopes": ["read"]}
    refused = await boss("POST", "/v1/api-tokens", json=sent)
    assert told(refused) == (409, "too_many_api_tokens")
    service.clock.move(minutes=15)
    refused = await boss("POST", "/v1/api-tokens", json=sent)
    assert told(refused) == (403, "reauthentication_required")
    events = (await boss("GET", "/v1/audit?event=api_token_created")).json()["events"]
    assert events[0]["facts"]["scopes"] == ["read"]
