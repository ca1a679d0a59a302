"""Sign-in with GitHub, which is no OpenID provider: who one is there is a number."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from github import GitHub
from pydantic import SecretStr
from signing_in import Someone, join, told
from users_running import KEY, Service, running, some_settings
from users_service.oidc.checks import github_metadata
from users_service.oidc.providers import GITHUB, Provider

pytestmark = pytest.mark.slow

BACK = "https://notes.example/users/callback/github"


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    github = GitHub()
    async with await asyncio.start_server(github.answer, "127.0.0.1", github.port):
        yield github


@pytest.fixture
async def service(
    users_database: str, redis_url: str, github: GitHub
) -> AsyncIterator[Service]:
    settings = some_settings(
        users_database,
        redis_url,
        public_url="https://notes.example",
        providers=SecretStr(json.dumps([github.listed()])),
    )
    async with running(settings) as service:
        yield service


async def sign_in(people: httpx.AsyncClient, github: GitHub, **others: Any) -> httpx.Response:
    begun = (await people.post("/v1/sign-in/github", json={"redirect_uri": BACK})).json()
    sent = {"flow": begun["flow"], **github.authorize(begun["authorization_url"]), **others}
    return await people.post("/v1/sign-in/github/callback", json=sent)


async def link(someone: Someone, github: GitHub) -> httpx.Response:
    path = "/v1/account/identities/github"
    begun = (await someone("POST", path, json={"redirect_uri": BACK})).json()
    sent = {"flow": begun["flow"], **github.authorize(begun["authorization_url"])}
    return await someone("POST", f"{path}/callback", json=sent)


async def test_who_renames_themselves_at_github_keeps_the_account_here(
    people: httpx.AsyncClient, github: GitHub
) -> None:
    first = (await sign_in(people, github)).json()
    assert first["account"]["username"] == "octocat"
    github.user |= {"login": "monalisa", "name": "Mona Lisa"}
    again = (await sign_in(people, github)).json()
    assert again["account"] == first["account"]
    person = Someone(people, again["account"]["id"], again["token"])
    mine = (await person("GET", "/v1/account")).json()
    (identity,) = mine["identities"]
    assert (identity["issuer"], identity["subject"]) == (github.url, "583231")
    assert mine["email"] is None


async def test_who_takes_over_a_name_at_github_gets_nobodys_account(
    people: httpx.AsyncClient, github: GitHub
) -> None:
    first = (await sign_in(people, github)).json()["account"]
    github.user["id"] = 99  # the old octocat left, and somebody took the name
    second = (await sign_in(people, github)).json()["account"]
    assert second["id"] != first["id"]
    assert second["username"] == "octocat-2"


async def test_a_name_or_an_address_of_github_opens_no_local_account(
    people: httpx.AsyncClient, github: GitHub
) -> None:
    local = await join(people, "octocat", email="octocat@github.example")
    github.user["email"] = "octocat@github.example"
    assert (await sign_in(people, github)).json()["account"]["id"] != local.id
    # We do not even ask for addresses.
    assert {each.split()[1] for each in github.asked} == {
        "/login/oauth/access_token",
        "/api/v3/user",
    }


@pytest.mark.parametrize(
    "user",
    [{"id": None}, {"id": "583231"}, {"id": True}, {"id": 1.5}, {"id": [583231]}],
    ids=str,
)
async def test_a_user_without_a_number_is_nobody(
    people: httpx.AsyncClient, github: GitHub, user: dict[str, Any]
) -> None:
    github.user |= user
    await refused(people, await sign_in(people, github))


@pytest.mark.parametrize(
    "wrong",
    [{"state": "another"}, {"code": "unknown"}, {"flow": "unknown"}, {"iss": "https://x"}],
    ids=str,
)
async def test_what_was_not_asked_for_is_refused(
    people: httpx.AsyncClient, github: GitHub, wrong: dict[str, str]
) -> None:
    await refused(people, await sign_in(people, github, **wrong))


@pytest.mark.parametrize(
    "said",
    [
        {"error": "bad_verification_code"},
        {"access_token": "gho_of_somebody_else", "token_type": "bearer"},
        {"access_token": 7},
        {"access_token": None, "id_token": "x"},
    ],
    ids=str,
)
async def test_a_token_that_opens_nothing_signs_nobody_in(
    people: httpx.AsyncClient, github: GitHub, said: dict[str, Any]
) -> None:
    github.token_answer = said
    await refused(people, await sign_in(people, github))


async def test_github_is_linked_and_can_be_the_only_sign_in_method_but_there_is_always_one(
    people: httpx.AsyncClient, github: GitHub
) -> None:
    ivy = await join(people, "ivy")
    assert (await link(ivy, github)).status_code == 204
    assert (await sign_in(people, github)).json()["account"]["id"] == ivy.id
    assert (await ivy("DELETE", "/v1/account/identities/github")).status_code == 204
    came = (await sign_in(people, github)).json()
    octocat = Someone(people, came["account"]["id"], came["token"])
    answer = await octocat("DELETE", "/v1/account/identities/github")
    assert told(answer) == (409, "last_sign_in_method")


async def test_github_cannot_reauthenticate_and_a_new_sign_in_is_what_there_is_instead(
    service: Service, people: httpx.AsyncClient, github: GitHub
) -> None:
    came = (await sign_in(people, github)).json()
    octocat = Someone(people, came["account"]["id"], came["token"])
    listed = (await people.get("/v1/sign-in")).json()["providers"]
    assert [each["reauthenticates"] for each in listed] == [False]
    path = "/v1/sessions/current/re-authenticate/github"
    answer = await octocat("POST", path, json={"redirect_uri": BACK})
    assert told(answer) == (409, "provider_cannot_reauthenticate")
    service.clock.move(minutes=16)
    wanted = {"new_password": "nine green apples"}
    stale = await octocat("PUT", "/v1/account/password", json=wanted)
    assert told(stale) == (403, "reauthentication_required")
    again = Someone(people, octocat.id, (await sign_in(people, github)).json()["token"])
    changed = await again("PUT", "/v1/account/password", json=wanted)
    assert changed.status_code == 200


def test_githubs_own_addresses_are_those_it_documents() -> None:
    github = Provider(name="github", kind="github", client_id="x")
    assert github.issuer == GITHUB
    assert github_metadata(github) == {
        "authorization_endpoint": "https://github.com/login/oauth/authorize",
        "token_endpoint": "https://github.com/login/oauth/access_token",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "userinfo_endpoint": "https://api.github.com/user",
    }


async def refused(people: httpx.AsyncClient, answer: httpx.Response) -> None:
    """No session, no account, one line of the audit log."""
    assert told(answer) == (403, "sign_in_refused")
    assert (await people.get("/v1/accounts", auth=KEY)).json()["accounts"] == []
    lines = (await people.get("/v1/audit", auth=KEY)).json()["events"]
    assert [(line["event"], line["result"]) for line in lines] == [
        ("signed_in", "sign_in_refused")
    ]
