"""How people get accounts: open, by invitation, closed; and exactly one first administrator."""

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from users_running import KEY, PASSWORD, Service, running, some_settings

TOKEN = "the-setup-token-of-this-test"


async def sign_up(client: httpx.AsyncClient, username: str, **others: Any) -> httpx.Response:
    sent = {"username": username, "password": PASSWORD, **others}
    return await client.post("/v1/accounts", json=sent)


async def invite(client: httpx.AsyncClient, **wanted: Any) -> str:
    answer = await client.post("/v1/invitations", json=wanted, auth=KEY)
    assert answer.status_code == 201
    return str(answer.json()["code"])


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_the_first_account_is_administrator_and_the_next_is_not(
    people: httpx.AsyncClient,
) -> None:
    first = await sign_up(people, "ivy", name="Ivy Smith")
    assert first.status_code == 201
    account = first.json()
    assert set(account) == {"id", "username", "name", "roles"}
    assert (account["username"], account["name"]) == ("ivy", "Ivy Smith")
    assert account["roles"] == ["editor", "admin"]
    second = await sign_up(people, "bob")
    assert (second.json()["name"], second.json()["roles"]) == ("bob", ["editor"])


async def test_of_racing_first_sign_ups_exactly_one_becomes_administrator(
    people: httpx.AsyncClient,
) -> None:
    answers = await asyncio.gather(*(sign_up(people, f"racer{n}") for n in range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert sum("admin" in answer.json()["roles"] for answer in answers) == 1


async def test_there_is_no_second_first_administrator_after_the_first_is_gone(
    people: httpx.AsyncClient, original: httpx.AsyncClient
) -> None:
    await sign_up(people, "ivy")
    bob = (await sign_up(people, "bob")).json()["id"]
    made = await original.patch(f"/v1/accounts/{bob}", json={"role": "admin"})
    assert made.is_success
    assert (await original.delete("/destroy/ivy")).is_success
    assert (await sign_up(people, "cleo")).json()["roles"] == ["editor"]


async def test_accounts_made_with_an_api_key_are_not_the_first_person(
    people: httpx.AsyncClient, original: httpx.AsyncClient
) -> None:
    await original.post("/create-user", json={"username": "program"})
    assert (await people.get("/v1/sign-up")).json()["first_account"] is True
    assert "admin" in (await sign_up(people, "ivy")).json()["roles"]
    assert (await people.get("/v1/sign-up")).json() == {
        "mode": "open",
        "first_account": False,
        "setup_token": False,
    }


async def test_racing_sign_ups_for_one_name_make_one_account(people: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(sign_up(people, "ivy") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"username": "IVY"}, (409, "username_taken")),
        ({"username": "a b"}, (422, "invalid_username")),
        ({"password": "ab12"}, (422, "password_too_short")),
        ({"password": "x" * 129}, (422, "password_too_long")),
        ({"password": "password1"}, (422, "password_common")),
        ({"username": "bobby", "password": "bobby-and-me"}, (422, "password_contains_name")),
        ({"email": "nowhere"}, (422, "invalid_field")),
        ({"name": "x" * 256}, (422, "invalid_field")),
        ({"name": "\u3164"}, (422, "invalid_field")),
        ({"name": "\u200b\u2800"}, (422, "invalid_field")),
        ({"username": "\u3164"}, (422, "invalid_username")),
        ({"username": "ivy\u3164"}, (422, "invalid_username")),
        ({"invite": "unknown"}, (403, "invalid_invite")),
        ({"setup_token": "unknown"}, (403, "invalid_setup_token")),
        ({"roles": ["admin"]}, (422, "invalid_request")),
        ({"password": None}, (422, "invalid_request")),
    ],
)
async def test_a_sign_up_that_breaks_a_rule_is_told_which(
    people: httpx.AsyncClient, sent: dict[str, Any], refusal: tuple[int, str]
) -> None:
    await sign_up(people, "ivy")
    body = {"username": "newcomer", "password": PASSWORD, **sent}
    answer = await people.post("/v1/accounts", json=body)
    assert code(answer) == refusal
    if isinstance(sent.get("password"), str):
        assert sent["password"] not in answer.text


async def test_half_a_character_is_no_text(people: httpx.AsyncClient) -> None:
    body = b'{"username": "\\ud800", "password": "a quiet \\udfff river"}'
    headers = {"Content-Type": "application/json"}
    for path in ("/v1/accounts", "/v1/sessions"):
        answer = await people.post(path, content=body, headers=headers)
        assert code(answer) == (422, "invalid_request")


async def test_closed_means_only_the_setup_token_comes_in_and_only_once(
    users_database: str, redis_url: str
) -> None:
    settings = some_settings(
        users_database, redis_url, signup="closed", setup_token=SecretStr(TOKEN)
    )
    async with running(settings) as service:
        people = service.client()
        assert (await people.get("/v1/sign-up")).json() == {
            "mode": "closed",
            "first_account": True,
            "setup_token": True,
        }
        assert code(await sign_up(people, "eve")) == (403, "signup_closed")
        wrong = await sign_up(people, "eve", setup_token=TOKEN + "x")
        assert code(wrong) == (403, "invalid_setup_token")
        both = await asyncio.gather(
            *(sign_up(people, name, setup_token=TOKEN) for name in ("ivy", "bob"))
        )
        assert sorted(answer.status_code for answer in both) == [201, 403]
        first = next(answer for answer in both if answer.status_code == 201)
        assert first.json()["roles"] == ["editor", "admin"]
        again = await sign_up(people, "eve", setup_token=TOKEN)
        assert code(again) == (403, "invalid_setup_token")
        listed = await people.get("/list", auth=KEY)
        assert [user["id"] for user in listed.json()] == [first.json()["username"]]


async def test_without_a_setup_token_none_fits(users_database: str, redis_url: str) -> None:
    settings = some_settings(
        users_database, redis_url, signup="closed", setup_token=SecretStr(" ")
    )
    async with running(settings) as service:
        for tried in ("", " ", "None"):
            answer = await sign_up(service.client(), "eve", setup_token=tried)
            assert code(answer) == (403, "invalid_setup_token")


async def test_where_there_is_a_setup_token_being_first_is_not_enough(
    users_database: str, redis_url: str
) -> None:
    settings = some_settings(users_database, redis_url, setup_token=SecretStr(TOKEN))
    async with running(settings) as service:
        people = service.client()
        assert (await sign_up(people, "eve")).json()["roles"] == ["editor"]
        late = await sign_up(people, "ivy", setup_token=TOKEN)
        assert late.json()["roles"] == ["editor", "admin"]


async def test_an_invitation_lets_one_person_in(users_database: str, redis_url: str) -> None:
    async with running(some_settings(users_database, redis_url, signup="invite")) as service:
        people = service.client()
        assert code(await sign_up(people, "eve")) == (403, "signup_closed")
        invitation = await invite(people)
        both = await asyncio.gather(
            *(sign_up(people, name, invite=invitation) for name in ("ivy", "bob"))
        )
        assert sorted(answer.status_code for answer in both) == [201, 403]
        invited = next(answer for answer in both if answer.status_code == 201)
        assert invited.json()["roles"] == ["editor"]
        again = await sign_up(people, "eve", invite=invitation)
        assert code(again) == (403, "invalid_invite")


async def test_an_invitation_ends_after_7_days(service: Service) -> None:
    people = service.client()
    invitation = await invite(people)
    service.clock.move(days=7)
    assert code(await sign_up(people, "ivy", invite=invitation)) == (403, "invalid_invite")


async def test_a_refused_sign_up_does_not_use_the_invitation_up(service: Service) -> None:
    people = service.client()
    await sign_up(people, "ivy")
    invitation = await invite(people, admin=True)
    assert (await sign_up(people, "ivy", invite=invitation)).status_code == 409
    assert "admin" in (await sign_up(people, "bob", invite=invitation)).json()["roles"]


async def test_administrators_invite_and_others_do_not(people: httpx.AsyncClient) -> None:
    await sign_up(people, "ivy")
    await sign_up(people, "bob")
    for username, status in [("ivy", 201), ("bob", 403)]:
        sent = {"username": username, "password": PASSWORD}
        token = (await people.post("/v1/sessions", json=sent)).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert (await people.post("/v1/invitations", headers=headers)).status_code == status
    assert code(await people.post("/v1/invitations")) == (401, "unauthenticated")


async def test_sign_ups_from_one_address_are_limited(
    users_database: str, redis_url: str
) -> None:
    settings = some_settings(users_database, redis_url, signups_per_hour=2)
    async with running(settings) as service:
        people = service.client()
        for username in ("one", "two"):
            assert (await sign_up(people, username)).status_code == 201
        refused = await sign_up(people, "three")
        assert code(refused) == (429, "too_many_attempts")
        assert 3500 < int(refused.headers["retry-after"]) <= 3600
        assert (await sign_up(service.client("192.0.2.9"), "three")).status_code == 201


async def test_a_body_over_the_limit_is_refused_before_it_is_read(
    people: httpx.AsyncClient,
) -> None:
    answer = await sign_up(people, "x" * 70_000)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/nothing", "/.well-known/nothing"])
async def test_unknown_addresses_of_ours_are_problems(
    people: httpx.AsyncClient, path: str
) -> None:
    assert code(await people.get(path)) == (404, "not_found")
