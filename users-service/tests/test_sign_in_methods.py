"""Passwords as no way in, an operator's link as the way back, settings that say what lacks."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from issuer import CLIENT, SECRET, Issuer
from local_stack.ports import free_port
from pydantic import SecretStr, ValidationError
from signing_in import Someone, join, sign_in, told
from users_running import KEY, PASSWORD, Service, environment, process, running, some_settings
from users_service.cli import legacy

pytestmark = pytest.mark.slow

SITE = "https://notes.example"
BACK = f"{SITE}/users/callback/op"
OP = {"name": "op", "issuer": "https://id.example", "client_id": CLIENT}


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    async with await asyncio.start_server(issuer.answer, "127.0.0.1", issuer.port):
        yield issuer


def settings_of(database: str, redis: str, issuer: Issuer, **others: Any) -> Any:
    listed = [{**OP, "issuer": issuer.url}]
    secrets = SecretStr(json.dumps({"op": SECRET}))
    given = {"providers": SecretStr(json.dumps(listed)), "provider_secrets": secrets}
    return some_settings(database, redis, **{"public_url": SITE, **given, **others})


@pytest.fixture
async def service(
    users_database: str, redis_url: str, issuer: Issuer
) -> AsyncIterator[Service]:
    """Passwords are off; ivy has one from before."""
    async with running(settings_of(users_database, redis_url, issuer)) as before:
        await join(before.client(), "ivy")
    settings = settings_of(users_database, redis_url, issuer, password_login="off")
    async with running(settings) as service:
        yield service


async def come_in(people: httpx.AsyncClient, issuer: Issuer) -> Someone:
    begun = (await people.post("/v1/sign-in/op", json={"redirect_uri": BACK})).json()
    sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
    came = (await people.post("/v1/sign-in/op/callback", json=sent)).json()
    return Someone(people, came["account"]["id"], came["token"])


async def link_for(service: Service, username: str) -> dict[str, Any]:
    operator = service.client(auth=KEY)
    found = (await operator.get("/v1/accounts", params={"username": username})).json()
    path = f"/v1/accounts/{found['accounts'][0]['id']}/sign-in-link"
    made = await operator.post(path)
    assert made.status_code == 201, made.text
    return dict(made.json())


async def test_promise_with_passwords_off_no_password_opens_sets_or_changes_anything(
    service: Service, people: httpx.AsyncClient, issuer: Issuer
) -> None:
    right = {"username": "ivy", "password": PASSWORD}
    refusals = [
        await people.post("/v1/sessions", json=right),
        await people.post("/v1/accounts", json={**right, "username": "bob"}),
        await people.post("/v1/password-resets", json={"token": "x", "password": PASSWORD}),
    ]
    someone = await come_in(people, issuer)
    path = "/v1/sessions/current/re-authenticate"
    refusals += [
        await someone("POST", path, json={"password": PASSWORD}),
        await someone("PUT", "/v1/account/password", json={"new_password": PASSWORD}),
        await people.post(f"/v1/accounts/{someone.id}/reset-link", auth=KEY),
    ]
    assert {told(answer) for answer in refusals} == {(403, "password_sign_in_disabled")}
    assert (await people.get("/v1/sign-in")).json()["passwords"] is False


async def test_the_originals_password_check_says_false_and_why_to_right_and_wrong_alike(
    service: Service, original: httpx.AsyncClient
) -> None:
    for password in (PASSWORD, "wrong"):
        said = {"username": "ivy", "password": password}
        answer = await original.post("/password-check", json=said)
        assert answer.status_code == 200
        assert answer.json() == {
            "check": False,
            "username": "ivy",
            "message": "password sign-in is disabled: use another sign-in method",
        }
    made = await original.post("/create-user", json={"username": "me", "password": "w0rd"})
    assert made.status_code == 200


async def test_with_passwords_off_a_password_is_no_sign_in_method_that_lets_the_others_go(
    service: Service, people: httpx.AsyncClient, issuer: Issuer
) -> None:
    link = await link_for(service, "ivy")
    came = (await people.post("/v1/sessions/link", json={"token": link["token"]})).json()
    ivy = Someone(people, came["account"]["id"], came["token"])
    path = "/v1/account/identities/op"
    begun = (await ivy("POST", path, json={"redirect_uri": BACK})).json()
    sent = {"flow": begun["flow"], **issuer.consent(begun["authorization_url"])}
    assert (await ivy("POST", f"{path}/callback", json=sent)).status_code == 204
    assert (await ivy("GET", "/v1/account")).json()["has_password"]
    assert told(await ivy("DELETE", path)) == (409, "last_sign_in_method")


async def test_a_provider_that_is_not_set_up_any_more_is_shown_and_counts_for_nothing(
    users_database: str, redis_url: str, issuer: Issuer
) -> None:
    async with running(settings_of(users_database, redis_url, issuer)) as before:
        people = before.client()
        issuer.claims = {"auth_time": before.clock().timestamp()}
        someone = await come_in(people, issuer)
        changed = await someone("PUT", "/v1/account/password", json={"new_password": PASSWORD})
        assert changed.status_code == 200
    async with running(some_settings(users_database, redis_url, public_url=SITE)) as after:
        ivy = await sign_in(after.client(), "ivy")
        (identity,) = (await ivy("GET", "/v1/account")).json()["identities"]
        assert (identity["provider"], identity["issuer"]) == (None, issuer.url)


async def test_an_operators_link_signs_in_once_for_fifteen_minutes_and_is_written_down(
    service: Service, people: httpx.AsyncClient
) -> None:
    link = await link_for(service, "ivy")
    assert link["url"] == f"{SITE}/users/sign-in-link#token={link['token']}"
    sent = {"token": link["token"]}
    done = await people.post("/v1/sessions/link", json=sent)
    assert (done.status_code, done.json()["account"]["username"]) == (201, "ivy")
    assert told(await people.post("/v1/sessions/link", json=sent)) == (
        403,
        "invalid_sign_in_link",
    )
    late = await link_for(service, "ivy")
    service.clock.move(minutes=15)
    answer = await people.post("/v1/sessions/link", json={"token": late["token"]})
    assert told(answer) == (403, "invalid_sign_in_link")
    lines = (await people.get("/v1/audit", auth=KEY)).json()["events"]
    written = [(line["event"], line["result"]) for line in reversed(lines)]
    assert written[-5:] == [
        ("sign_in_link_created", "ok"),
        ("signed_in", "ok"),
        ("signed_in", "invalid_sign_in_link"),
        ("sign_in_link_created", "ok"),
        ("signed_in", "invalid_sign_in_link"),
    ]
    assert link["token"] not in json.dumps(lines)


async def test_nobody_makes_a_sign_in_link_without_an_api_key_not_even_an_administrator(
    users_database: str, redis_url: str
) -> None:
    async with running(some_settings(users_database, redis_url)) as service:
        people = service.client()
        ada = await join(people, "ada")  # the first account: an administrator
        bob = await join(people, "bob")
        path = f"/v1/accounts/{bob.id}/sign-in-link"
        assert told(await ada("POST", path)) == (401, "unauthenticated")
        assert told(await people.post(path)) == (401, "unauthenticated")
        made = await people.post(path, auth=KEY)
        assert (made.status_code, made.json()["url"]) == (201, None)


async def test_a_link_for_a_disabled_account_opens_nothing(
    service: Service, people: httpx.AsyncClient, issuer: Issuer
) -> None:
    someone = await come_in(people, issuer)
    link = await link_for(service, "ivy-2")
    path = f"/v1/accounts/{someone.id}"
    changed = await people.patch(path, json={"disabled": True}, auth=KEY)
    assert changed.status_code == 200
    answer = await people.post("/v1/sessions/link", json={"token": link["token"]})
    assert told(answer) == (403, "invalid_sign_in_link")


async def test_a_link_is_the_first_step_and_a_second_factor_is_asked_for_as_ever(
    users_database: str, redis_url: str
) -> None:
    async with running(some_settings(users_database, redis_url)) as service:
        people = service.client()
        ivy = await join(people, "ivy")
        begun = (await ivy("POST", "/v1/account/totp")).json()
        code = pyotp.TOTP(begun["secret"]).at(service.clock())
        made = (await ivy("POST", "/v1/account/totp/confirm", json={"code": code})).json()
        link = await link_for(service, "ivy")
        asked = await people.post("/v1/sessions/link", json={"token": link["token"]})
        assert asked.status_code == 200
        step = asked.json()["second_factor"]["token"]
        sent = {"token": step, "code": made["recovery_codes"][0]}
        assert (await people.post("/v1/sessions/second-factor", json=sent)).status_code == 201
        lines = (await people.get("/v1/audit", auth=KEY)).json()["events"]
        assert lines[0]["facts"]["by"] == "sign-in link, recovery code"


@pytest.mark.slow
def test_the_command_line_prints_the_link(
    users_database: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    away = {**OP, "issuer": f"http://127.0.0.1:{free_port()}"}
    env = environment(
        users_database,
        redis_url,
        USERS_PUBLIC_URL=SITE,
        USERS_PROVIDERS=json.dumps([away]),
        USERS_PROVIDER_SECRETS=json.dumps({"op": SECRET}),
        USERS_PASSWORD_LOGIN="off",
    )
    # That the provider cannot be found stops nothing; the operator is told at once.
    with process(env, tmp_path / "log") as service:
        monkeypatch.setenv("USERS_API_KEY", ":".join(KEY))
        for arguments in (["add", "ada"], ["role", "ada", "admin"], ["sign-in-link", "ada"]):
            with pytest.raises(SystemExit, match="0"):
                legacy.main(["-u", service.url, *arguments])
        said = json.loads("{" + capsys.readouterr().out.rpartition("{")[2])
        assert said["url"].startswith(f"{SITE}/users/sign-in-link#token=")
        done = httpx.post(
            f"{service.url}/v1/sessions/link", json={"token": said["token"]}, trust_env=False
        )
        assert done.json()["account"]["roles"] == ["editor", "admin"]
        assert "nobody can sign in at op now: it does not answer" in service.log.read_text()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"providers": [OP]}, "the client secret of the provider op is missing"),
    ({"providers": [OP], "secrets": {"op": " "}}, "the client secret of the provider op"),
    ({"providers": [OP], "secrets": {"po": "x"}}, "po is not listed in USERS_PROVIDERS"),
    ({"providers": [{**OP, "issuer": "http://id.example"}]}, "an issuer begins with https://"),
    ({"providers": [OP, OP]}, "two providers have one name"),
    ({"providers": [OP], "public_url": ""}, "it needs USERS_PUBLIC_URL"),
    ({"password_login": "off"}, "off needs USERS_PROVIDERS"),
    ({"password_login": "maybe"}, "'on' or 'off'"),
]


@pytest.mark.parametrize(("given", "sentence"), WRONG, ids=[wrong[1] for wrong in WRONG])
def test_a_setting_that_cannot_work_is_named_and_no_secret_told(
    given: dict[str, Any], sentence: str
) -> None:
    named = {"public_url": SITE, **given}
    for field, key in (("providers", "providers"), ("secrets", "provider_secrets")):
        if field in named:
            named[key] = SecretStr(json.dumps(named.pop(field)))
    with pytest.raises(ValidationError) as refusal:
        some_settings("postgresql://x", "redis://x", **named)
    assert sentence in str(refusal.value)


def test_secrets_may_stand_beside_the_providers_or_in_them() -> None:
    inside = some_settings(
        "postgresql://x", "redis://x", public_url=SITE,
        providers=SecretStr(json.dumps([{**OP, "client_secret": SECRET}])),
        provider_secrets=SecretStr("{}"),
    )  # fmt: skip
    assert inside.all_providers()["op"].client_secret.get_secret_value() == SECRET
    none = some_settings("postgresql://x", "redis://x", provider_secrets=SecretStr("{}"))
    assert none.all_providers() == {}
