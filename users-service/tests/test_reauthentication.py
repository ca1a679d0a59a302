"""A fresh proof asks for all that signing in asks for, and a second step is taken away by who
has it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from authenticator import Authenticator
from issuer import CLIENT, SECRET, Issuer
from local_stack.postgres import Postgres
from pydantic import SecretStr
from signing_in import Someone, join, told
from test_two_factor import App, set_up
from users_running import KEY, PASSWORD, Service, running, some_settings

SITE = "https://notes.example"
BACK = f"{SITE}/users/callback/op"
AGAIN = "/v1/sessions/current/re-authenticate"
NEW = "another quiet river"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    async with await asyncio.start_server(issuer.answer, "127.0.0.1", issuer.port):
        yield issuer


@pytest.fixture
async def service(
    users_database: str, redis_url: str, issuer: Issuer
) -> AsyncIterator[Service]:
    client = {"client_id": CLIENT, "client_secret": SECRET}
    listed = [{"name": "op", "issuer": issuer.url, **client}]
    settings = some_settings(
        users_database, redis_url, public_url=SITE, providers=SecretStr(json.dumps(listed))
    )
    async with running(settings) as service:
        yield service


@pytest.fixture
async def ivy(people: httpx.AsyncClient) -> Someone:
    return await join(people, "ivy")


async def stale(service: Service, someone: Someone) -> App:
    """A second step is on, and who is signed in proved it a quarter of an hour ago."""
    app, _ = await set_up(service, someone)
    service.clock.move(minutes=15)
    return app


async def visit(someone: Someone, issuer: Issuer, path: str) -> httpx.Response:
    """To the provider and back."""
    begun = (await someone("POST", path, json={"redirect_uri": BACK})).json()
    sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
    return await someone("POST", f"{path}/callback", json=sent)


def tells(issuer: Issuer, service: Service, **ago: float) -> None:
    """It says when the person signed in there."""
    at = service.clock() - timedelta(**ago)
    issuer.claims = {"auth_time": int(at.timestamp())}


async def come_in(people: httpx.AsyncClient, issuer: Issuer) -> httpx.Response:
    begun = (await people.post("/v1/sign-in/op", json={"redirect_uri": BACK})).json()
    sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
    return await people.post("/v1/sign-in/op/callback", json=sent)


FRESH_ACTS: list[tuple[str, str, Any]] = [
    ("PATCH", "/v1/account", {"email": "thief@example.org"}),
    ("GET", "/v1/account/export", None),
    ("DELETE", "/v1/account", None),
    ("DELETE", "/v1/account/totp", None),
    ("POST", "/v1/account/recovery-codes", None),
    ("POST", "/v1/account/passkeys/options", None),
    ("POST", "/v1/account/identities/op", {"redirect_uri": BACK}),
    ("POST", "/v1/api-tokens", {"name": "x", "scopes": ["read"]}),
]


async def test_promise_a_password_alone_makes_no_session_fresh_where_there_is_a_second_step(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    app = await stale(service, ivy)
    password = {"password": PASSWORD}
    assert told(await ivy("POST", AGAIN, json=password)) == (403, "code_required")
    wrong = await ivy("POST", AGAIN, json={**password, "code": "000000"})
    assert told(wrong) == (403, "wrong_code")
    for method, path, sent in FRESH_ACTS:
        refused = await ivy(method, path, json=sent)
        assert told(refused) == (403, "reauthentication_required"), path
    lines = (await people.get("/v1/audit?event=reauthenticated", auth=KEY)).json()["events"]
    assert [line["result"] for line in lines] == ["wrong_code", "code_required"]
    proven = await ivy("POST", AGAIN, json={**password, "code": app.code()})
    assert proven.status_code == 200
    assert (await ivy("GET", "/v1/account/export")).status_code == 200


async def test_a_recovery_code_is_a_second_step_of_reauthentication_too_and_serves_once(
    service: Service, ivy: Someone
) -> None:
    _, codes = await set_up(service, ivy)
    sent = {"password": PASSWORD, "code": codes[0]}
    assert (await ivy("POST", AGAIN, json=sent)).status_code == 200
    assert told(await ivy("POST", AGAIN, json=sent)) == (403, "wrong_code")


async def test_a_wrong_password_is_told_before_any_code_is_looked_at(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    app = await stale(service, ivy)
    for _ in range(12):
        sent = {"password": "wrong", "code": "000000"}
        assert (await ivy("POST", AGAIN, json=sent)).status_code in (401, 429)
    # Nobody uses the owner's codes up without the first step.
    sent = {"username": "ivy", "password": PASSWORD}
    elsewhere = service.client("203.0.113.9")
    step = (await elsewhere.post("/v1/sessions", json=sent)).json()["second_factor"]["token"]
    done = await elsewhere.post(
        "/v1/sessions/second-factor", json={"token": step, "code": app.code()}
    )
    assert done.status_code == 201


async def test_a_second_step_is_turned_off_by_its_code_or_a_recovery_code_only(
    service: Service, ivy: Someone
) -> None:
    for by_app in (True, False):
        app, codes = await set_up(service, ivy)
        assert told(await ivy("DELETE", "/v1/account/totp")) == (403, "code_required")
        wrong = await ivy("DELETE", "/v1/account/totp", json={"code": "000000"})
        assert told(wrong) == (403, "wrong_code")
        assert (await ivy("GET", "/v1/account/two-factor")).json()["totp"]
        right = {"code": app.code() if by_app else codes[3]}
        assert (await ivy("DELETE", "/v1/account/totp", json=right)).status_code == 204
        assert not (await ivy("GET", "/v1/account/two-factor")).json()["totp"]
        service.clock.move(minutes=1)


async def test_an_administrator_turns_their_own_second_step_off_no_other_way(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    raised = {"role": "admin"}
    await people.patch(f"/v1/accounts/{ivy.id}", json=raised, auth=KEY)
    ivy = await again(people)
    await set_up(service, ivy)
    refused = await ivy("DELETE", f"/v1/accounts/{ivy.id}/totp")
    assert told(refused) == (403, "code_required")
    # The operator's key helps who lost both.
    assert (await people.delete(f"/v1/accounts/{ivy.id}/totp", auth=KEY)).status_code == 204


async def test_a_password_is_changed_by_who_shows_the_second_step_too(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    app = await stale(service, ivy)
    sent = {"old_password": PASSWORD, "new_password": NEW}
    assert told(await ivy("PUT", "/v1/account/password", json=sent)) == (403, "code_required")
    wrong = await ivy("PUT", "/v1/account/password", json={**sent, "code": "000000"})
    assert told(wrong) == (403, "wrong_code")
    done = await ivy("PUT", "/v1/account/password", json={**sent, "code": app.code()})
    assert done.status_code == 200
    now = Someone(people, ivy.id, done.json()["token"])
    assert (await now("GET", "/v1/account/export")).status_code == 200


async def test_a_changed_password_makes_a_session_no_fresher_than_the_second_step_did(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    await set_up(service, ivy)
    service.clock.move(minutes=14)
    sent = {"old_password": PASSWORD, "new_password": NEW}
    done = await ivy("PUT", "/v1/account/password", json=sent)
    now = Someone(people, ivy.id, done.json()["token"])
    assert (await now("GET", "/v1/account/export")).status_code == 200
    service.clock.move(minutes=2)
    refused = await now("GET", "/v1/account/export")
    assert told(refused) == (403, "reauthentication_required")


async def test_promise_a_sign_in_at_a_provider_goes_through_the_second_step(
    service: Service, people: httpx.AsyncClient, ivy: Someone, issuer: Issuer
) -> None:
    await visit(ivy, issuer, "/v1/account/identities/op")
    app, _ = await set_up(service, ivy)
    tells(issuer, service, minutes=2)
    asked = await come_in(people, issuer)
    assert (asked.status_code, set(asked.json())) == (200, {"second_factor"})
    step = asked.json()["second_factor"]["token"]
    early = Someone(people, ivy.id, step)
    assert told(await early("GET", "/v1/account")) == (401, "session_ended")
    sent = {"token": step, "code": app.code()}
    done = await people.post("/v1/sessions/second-factor", json=sent)
    assert done.status_code == 201
    assert done.json()["reauthenticated_at"] == "2026-03-01T11:58:30Z"
    lines = (await people.get("/v1/audit?event=signed_in", auth=KEY)).json()["events"]
    assert lines[0]["facts"]["by"] == f"{issuer.url}, totp"
    assert lines[1]["result"] == "second_step_asked"


async def test_a_sign_in_at_a_provider_that_does_not_say_when_it_authenticated_is_not_fresh(
    service: Service, people: httpx.AsyncClient, ivy: Someone, issuer: Issuer
) -> None:
    await visit(ivy, issuer, "/v1/account/identities/op")
    came = (await come_in(people, issuer)).json()
    person = Someone(people, ivy.id, came["token"])
    for method, path, sent in FRESH_ACTS:
        refused = await person(method, path, json=sent)
        assert told(refused) == (403, "reauthentication_required"), path
    # Nor after the second step, which is not the first.
    app, _ = await set_up(service, ivy)
    step = (await come_in(people, issuer)).json()["second_factor"]["token"]
    sent = {"token": step, "code": app.code()}
    came = (await people.post("/v1/sessions/second-factor", json=sent)).json()
    person = Someone(people, ivy.id, came["token"])
    refused = await person("DELETE", "/v1/account/totp", json={"code": app.code(seconds=30)})
    assert told(refused) == (403, "reauthentication_required")


async def test_reauthentication_at_a_provider_asks_for_the_second_step_as_well(
    service: Service, people: httpx.AsyncClient, ivy: Someone, issuer: Issuer
) -> None:
    await visit(ivy, issuer, "/v1/account/identities/op")
    bob = await join(people, "bob")
    app = await stale(service, ivy)
    tells(issuer, service)
    asked = await visit(ivy, issuer, f"{AGAIN}/op")
    assert (asked.status_code, set(asked.json())) == (200, {"second_factor"})
    refused = await ivy("GET", "/v1/account/export")
    assert told(refused) == (403, "reauthentication_required")
    sent = {"token": asked.json()["second_factor"]["token"], "code": app.code()}
    for other, proof in [
        (bob, sent),
        (ivy, {**sent, "token": "unknown"}),
        (await again(people, app=app, seconds=-30), {**sent, "code": app.code(seconds=30)}),
    ]:
        assert told(await other("POST", AGAIN, json=proof)) == (
            403,
            "two_factor_challenge_ended",
        )
    wrong = await ivy("POST", AGAIN, json={**sent, "code": "000000"})
    assert told(wrong) == (403, "wrong_code")
    assert (await ivy("POST", AGAIN, json=sent)).status_code == 200
    assert (await ivy("GET", "/v1/account/export")).status_code == 200
    sent = {**sent, "code": app.code(seconds=30)}
    assert told(await ivy("POST", AGAIN, json=sent)) == (403, "two_factor_challenge_ended")


async def test_a_passkey_is_two_factors_and_reauthenticates_alone(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    device = Authenticator()
    begun = (await ivy("POST", "/v1/account/passkeys/options")).json()
    made = {"flow": begun["flow"], "credential": device.create(begun["options"]), "name": "x"}
    await ivy("POST", "/v1/account/passkeys", json=made)
    await stale(service, ivy)
    begun = (await people.post("/v1/passkeys/options")).json()
    sent = {"flow": begun["flow"], "credential": device.get(begun["options"])}
    assert (await ivy("POST", AGAIN, json=sent)).status_code == 200
    # Who lost the app makes new recovery codes, and turns it off by one of them.
    codes = (await ivy("POST", "/v1/account/recovery-codes")).json()["recovery_codes"]
    gone = await ivy("DELETE", "/v1/account/totp", json={"code": codes[0]})
    assert gone.status_code == 204


async def test_the_owner_hears_of_a_wrong_second_step_of_reauthentication(
    service: Service, ivy: Someone, postgres: Postgres
) -> None:
    proven = "UPDATE accounts SET proven_email = 'ivy@home.example'"
    postgres.execute(proven, database="users_tests")
    await stale(service, ivy)
    postgres.execute("DELETE FROM letters", database="users_tests")
    sent = {"password": PASSWORD, "code": "000000"}
    for _ in range(3):
        await ivy("POST", AGAIN, json=sent)
    changed = {"old_password": PASSWORD, "new_password": NEW, "code": "000000"}
    await ivy("PUT", "/v1/account/password", json=changed)
    query = "SELECT count(*) FROM letters WHERE facts->>'event' = 'signed_in'"
    assert postgres.execute(query, database="users_tests").strip() == "1"


async def again(
    people: httpx.AsyncClient, app: App | None = None, *, seconds: int = 0
) -> Someone:
    sent = {"username": "ivy", "password": PASSWORD}
    made = (await people.post("/v1/sessions", json=sent)).json()
    if app is not None:
        step = {"token": made["second_factor"]["token"], "code": app.code(seconds=seconds)}
        made = (await people.post("/v1/sessions/second-factor", json=step)).json()
    return Someone(people, made["account"]["id"], made["token"])
