"""Every refusal of a credential is a line of the audit log, with its account where it is known;
and the owner hears of a right password with a wrong second step.
"""

from typing import Any

import httpx
import pytest
from authenticator import Authenticator
from local_stack.postgres import Postgres
from signing_in import Someone, join, told
from test_two_factor import first_step, second_step, set_up
from users_running import KEY, Service, running, some_settings

pytestmark = pytest.mark.slow


@pytest.fixture
async def service(users_database: str, redis_url: str) -> Any:
    settings = some_settings(users_database, redis_url, public_url="https://notes.example")
    async with running(settings) as service:
        yield service


@pytest.fixture
async def ivy(people: httpx.AsyncClient) -> Someone:
    return await join(people, "ivy")


async def newest(client: httpx.AsyncClient) -> tuple[str, str, str | None]:
    (line,) = (await client.get("/v1/audit?limit=1", auth=KEY)).json()["events"]
    return line["event"], line["result"], line["account"]


async def a_passkey(someone: Someone) -> Authenticator:
    device = Authenticator()
    begun = (await someone("POST", "/v1/account/passkeys/options")).json()
    sent = {"flow": begun["flow"], "credential": device.create(begun["options"]), "name": "x"}
    assert (await someone("POST", "/v1/account/passkeys", json=sent)).status_code == 201
    return device


async def answered(client: httpx.AsyncClient, device: Authenticator) -> dict[str, Any]:
    begun = (await client.post("/v1/passkeys/options")).json()
    return {"flow": begun["flow"], "credential": device.get(begun["options"])}


async def test_a_right_password_is_written_down_where_the_second_step_is_not_taken(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    await set_up(service, ivy)
    await first_step(people)
    assert await newest(people) == ("signed_in", "second_step_asked", "ivy")


async def test_somebody_elses_passkey_is_no_second_step_and_stays_as_it_was(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    thief = await join(people, "thief")
    device = await a_passkey(thief)
    await set_up(service, ivy)
    asked = await first_step(people)
    sent = {"token": asked["token"], **await answered(people, device)}
    refused = await people.post("/v1/sessions/second-factor", json=sent)
    assert told(refused) == (403, "passkey_refused")
    assert await newest(people) == ("signed_in", "passkey_refused", "ivy")
    (theirs,) = (await thief("GET", "/v1/account/passkeys")).json()["passkeys"]
    assert theirs["last_used_at"] is None


async def test_somebody_elses_passkey_does_not_reauthenticate(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    thief = await join(people, "thief")
    sent = await answered(people, await a_passkey(thief))
    refused = await ivy("POST", "/v1/sessions/current/re-authenticate", json=sent)
    assert told(refused) == (403, "passkey_refused")
    assert await newest(people) == ("reauthenticated", "passkey_refused", "ivy")


async def test_a_wrong_code_at_set_up_is_written_down(
    people: httpx.AsyncClient, ivy: Someone
) -> None:
    await ivy("POST", "/v1/account/totp")
    await ivy("POST", "/v1/account/totp/confirm", json={"code": "000000"})
    assert await newest(people) == ("totp_added", "wrong_code", "ivy")


@pytest.mark.parametrize(
    ("path", "sent", "line"),
    [
        (
            "/v1/password-resets",
            {"token": "x", "password": "another quiet river"},
            ("password_reset", "invalid_reset_link", None),
        ),
        (
            "/v1/email-verifications",
            {"token": "x"},
            ("email_verified", "invalid_email_link", None),
        ),
        ("/v1/sessions/link", {"token": "x"}, ("signed_in", "invalid_sign_in_link", None)),
    ],
)
async def test_a_bad_link_is_written_down(
    people: httpx.AsyncClient, path: str, sent: dict[str, str], line: tuple[str, str, None]
) -> None:
    assert (await people.post(path, json=sent)).status_code == 403
    assert await newest(people) == line


async def test_a_reset_link_of_a_disabled_account_is_written_down_with_the_account(
    people: httpx.AsyncClient, ivy: Someone
) -> None:
    await join(people, "bea")
    bea = (await people.get("/v1/accounts?username=bea", auth=KEY)).json()["accounts"][0]["id"]
    await people.patch(f"/v1/accounts/{bea}", json={"disabled": True}, auth=KEY)
    link = (await people.post(f"/v1/accounts/{bea}/reset-link", auth=KEY)).json()["token"]
    sent = {"token": link, "password": "another quiet river"}
    await people.post("/v1/password-resets", json=sent)
    assert await newest(people) == ("password_reset", "invalid_reset_link", "bea")


@pytest.mark.parametrize("path", ["/v1/audit", "/list", "/v1/accounts"])
async def test_a_wrong_api_key_is_written_down_as_often_as_nobody_can_fill_a_table(
    service: Service, people: httpx.AsyncClient, postgres: Postgres, path: str
) -> None:
    assert (await people.get(path)).status_code == 401  # no key is none that is wrong
    count = "SELECT count(*) FROM audit_log"
    assert postgres.execute(count, database="users_tests").strip() == "0"
    assert (await people.get(path, auth=("them", "wrong"))).status_code == 401
    assert await newest(people) == ("api_key_checked", "unauthenticated", None)


async def test_a_wrong_api_token_is_written_down_and_a_right_one_is_not(
    people: httpx.AsyncClient, ivy: Someone
) -> None:
    sent = {"name": "script", "scopes": ["read"]}
    made = (await ivy("POST", "/v1/api-tokens", json=sent)).json()
    right = {"Authorization": f"Bearer {made['token']}"}
    assert (await people.post("/v1/tokens", headers=right)).status_code == 200
    assert (await newest(people))[0] == "api_token_created"
    wrong = {"Authorization": "Bearer notes_wrong"}
    assert (await people.post("/v1/tokens", headers=wrong)).status_code == 401
    assert await newest(people) == ("api_token_checked", "invalid_api_token", None)


async def test_the_owner_hears_once_an_hour_of_a_right_password_with_a_wrong_second_step(
    service: Service, people: httpx.AsyncClient, ivy: Someone, postgres: Postgres
) -> None:
    postgres.execute(
        "UPDATE accounts SET proven_email = 'ivy@home.example'", database="users_tests"
    )
    await set_up(service, ivy)
    postgres.execute("DELETE FROM letters", database="users_tests")

    async def emails() -> int:
        query = "SELECT count(*) FROM letters WHERE facts->>'event' = 'signed_in'"
        return int(postgres.execute(query, database="users_tests"))

    async def try_wrongly(times: int) -> None:
        token = (await first_step(people))["token"]
        for _ in range(times):
            assert told(await second_step(people, token, "000000")) == (403, "wrong_code")

    await first_step(people)
    assert await emails() == 0
    await try_wrongly(3)
    assert await emails() == 1
    service.clock.move(minutes=61)
    await try_wrongly(2)
    assert await emails() == 2
