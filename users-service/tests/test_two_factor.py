"""The authenticator app: set up, asked for at sign-in, lost."""

import asyncio
from typing import Any

import httpx
import pyotp
import pytest
from local_stack.postgres import Postgres
from signing_in import Someone, join, told
from users_running import KEY, PASSWORD, Service


@pytest.fixture
async def ivy(people: httpx.AsyncClient) -> Someone:
    return await join(people, "ivy")


class App:
    """What a person holds in their hand: the secret, and a clock like the service's."""

    def __init__(self, service: Service, secret: str) -> None:
        self.service = service
        self.totp = pyotp.TOTP(secret)

    def code(self, *, seconds: int = 0) -> str:
        return self.totp.at(int(self.service.clock().timestamp()) + seconds)


async def set_up(service: Service, someone: Someone) -> tuple[App, list[str]]:
    secret = (await someone("POST", "/v1/account/totp")).json()["secret"]
    app = App(service, secret)
    sent = {"code": app.code()}
    answer = await someone("POST", "/v1/account/totp/confirm", json=sent)
    assert answer.status_code == 200, answer.text
    service.clock.move(seconds=30)
    return app, answer.json()["recovery_codes"]


async def first_step(client: httpx.AsyncClient) -> dict[str, Any]:
    sent = {"username": "ivy", "password": PASSWORD}
    answer = await client.post("/v1/sessions", json=sent)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"second_factor"}
    return dict(answer.json()["second_factor"])


async def second_step(client: httpx.AsyncClient, token: str, code: str) -> httpx.Response:
    sent = {"token": token, "code": code}
    return await client.post("/v1/sessions/second-factor", json=sent)


async def test_setting_up_shows_a_qr_code_and_takes_effect_with_the_first_right_code(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    begun = (await ivy("POST", "/v1/account/totp")).json()
    assert begun["qr_svg"].startswith("<svg")
    assert pyotp.parse_uri(begun["uri"]).secret == begun["secret"]
    again = (await ivy("POST", "/v1/account/totp")).json()
    assert again["secret"] != begun["secret"]
    for code in ("000000", "", "x" * 1000, App(service, begun["secret"]).code()):
        refused = await ivy("POST", "/v1/account/totp/confirm", json={"code": code})
        assert told(refused) == (403, "wrong_code")
    sent = {"username": "ivy", "password": PASSWORD}
    assert (await people.post("/v1/sessions", json=sent)).status_code == 201
    await ivy("DELETE", "/v1/sessions/others")
    _, codes = await set_up(service, ivy)
    assert len(set(codes)) == 10
    status = (await ivy("GET", "/v1/account/two-factor")).json()
    assert status == {"totp": True, "recovery_codes": 10, "passkeys": 0}
    assert told(await ivy("POST", "/v1/account/totp")) == (409, "totp_already_enabled")


async def test_a_right_password_is_not_enough_and_the_code_opens_one_session(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    app, _ = await set_up(service, ivy)
    asked = await first_step(people)
    assert asked["methods"] == ["totp", "recovery_code"]
    early = Someone(people, ivy.id, asked["token"])
    assert told(await early("GET", "/v1/account")) == (401, "session_ended")
    wrong = await second_step(people, asked["token"], "000000")
    assert told(wrong) == (403, "wrong_code")
    done = await second_step(people, asked["token"], f" {app.code()[:3]} {app.code()[3:]}")
    assert done.status_code == 201
    now = Someone(people, ivy.id, done.json()["token"])
    assert (await now("GET", "/v1/account")).status_code == 200
    again = await second_step(people, asked["token"], app.code(seconds=30))
    assert told(again) == (403, "two_factor_challenge_ended")
    key = await people.get("/v1/audit?event=signed_in", auth=KEY)
    found = [(line["result"], line["facts"].get("by")) for line in key.json()["events"]]
    assert found[:2] == [("ok", "password, totp"), ("wrong_code", None)]


async def test_a_code_works_once_and_for_half_a_minute_around(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    app, _ = await set_up(service, ivy)
    service.clock.move(minutes=5)
    token = (await first_step(people))["token"]
    for seconds in (-60, 60):
        late = await second_step(people, token, app.code(seconds=seconds))
        assert told(late) == (403, "wrong_code")
    code = app.code(seconds=-30)
    both = [await first_step(people), await first_step(people)]
    answers = await asyncio.gather(*(second_step(people, each["token"], code) for each in both))
    assert sorted(answer.status_code for answer in answers) == [201, 403]


async def test_ten_wrong_codes_are_the_limit_from_wherever_they_come(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    app, _ = await set_up(service, ivy)
    for n in range(10):
        somewhere = service.client(f"198.51.100.{n}")
        token = (await first_step(somewhere))["token"]
        assert told(await second_step(somewhere, token, "000000")) == (403, "wrong_code")
    refused = await second_step(people, token, app.code())
    assert told(refused) == (429, "too_many_attempts")
    assert int(refused.headers["retry-after"]) > 0


async def test_a_second_step_ends_after_ten_minutes(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    app, _ = await set_up(service, ivy)
    token = (await first_step(people))["token"]
    service.clock.move(minutes=10)
    refused = await second_step(people, token, app.code())
    assert told(refused) == (403, "two_factor_challenge_ended")


async def test_a_recovery_code_works_once_however_it_is_typed(
    service: Service, people: httpx.AsyncClient, ivy: Someone, postgres: Postgres
) -> None:
    _, codes = await set_up(service, ivy)
    stored = postgres.execute("SELECT * FROM recovery_codes", database="users_tests")
    assert codes[0] not in stored
    typed = codes[0].upper().replace("-", " ")
    token = (await first_step(people))["token"]
    assert (await second_step(people, token, typed)).status_code == 201
    token = (await first_step(people))["token"]
    assert told(await second_step(people, token, codes[0])) == (403, "wrong_code")
    fresh = (await ivy("POST", "/v1/account/recovery-codes")).json()["recovery_codes"]
    assert told(await second_step(people, token, codes[1])) == (403, "wrong_code")
    assert (await second_step(people, token, fresh[1])).status_code == 201


async def test_who_lost_both_is_helped_by_an_administrator_not_by_a_reset_link(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    await set_up(service, ivy)
    path = f"/v1/accounts/{ivy.id}"
    link = (await people.post(f"{path}/reset-link", auth=KEY)).json()["token"]
    sent = {"token": link, "password": PASSWORD}
    await people.post("/v1/password-resets", json=sent)
    await first_step(people)
    assert (await people.delete(f"{path}/totp", auth=KEY)).status_code == 204
    assert told(await people.delete(f"{path}/totp", auth=KEY)) == (409, "totp_not_enabled")
    sent = {"username": "ivy", "password": PASSWORD}
    assert (await people.post("/v1/sessions", json=sent)).status_code == 201


async def test_an_app_is_added_and_removed_in_a_fresh_session_and_other_sessions_end(
    service: Service, people: httpx.AsyncClient, ivy: Someone
) -> None:
    sent = {"username": "ivy", "password": PASSWORD}
    token = (await people.post("/v1/sessions", json=sent)).json()["token"]
    other = Someone(people, ivy.id, token)
    app, codes = await set_up(service, ivy)
    assert told(await other("GET", "/v1/account")) == (401, "session_ended")
    service.clock.move(minutes=15)
    for method, path in [
        ("POST", "/v1/account/totp"),
        ("DELETE", "/v1/account/totp"),
        ("POST", "/v1/account/recovery-codes"),
    ]:
        assert told(await ivy(method, path)) == (403, "reauthentication_required")
    proof = {"password": PASSWORD, "code": app.code()}
    await ivy("POST", "/v1/sessions/current/re-authenticate", json=proof)
    gone = await ivy("DELETE", "/v1/account/totp", json={"code": codes[0]})
    assert gone.status_code == 204
    assert (await people.post("/v1/sessions", json=sent)).status_code == 201
