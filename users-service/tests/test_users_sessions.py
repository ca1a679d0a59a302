"""Signing in, staying, access tokens, signing out."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import text
from users_running import PASSWORD, Service
from users_service import database


@pytest.fixture
async def token(people: httpx.AsyncClient) -> str:
    await people.post("/v1/accounts", json={"username": "ivy", "password": PASSWORD})
    return str((await sign_in(people)).json()["token"])


async def sign_in(
    client: httpx.AsyncClient, username: str = "ivy", password: str = PASSWORD, **options: Any
) -> httpx.Response:
    sent = {"username": username, "password": password}
    return await client.post("/v1/sessions", json=sent, **options)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def current(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get("/v1/sessions/current", headers=bearer(token))


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_a_login_answers_with_a_token_its_ends_and_the_account(
    service: Service, people: httpx.AsyncClient, token: str
) -> None:
    answer = await sign_in(people, "IVY")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert datetime.fromisoformat(said["expires_at"]) == service.clock() + timedelta(days=30)
    assert datetime.fromisoformat(said["idle_expires_at"]) == service.clock() + timedelta(
        days=7
    )
    assert said["account"]["username"] == "ivy"
    assert set(said["account"]) == {"id", "username", "name", "roles"}
    assert len(said["token"]) * 6 >= 128
    assert said["token"] != token


@pytest.mark.parametrize(
    ("username", "password"),
    [("ivy", "wrong"), ("nobody", PASSWORD), ("nul\0", ""), ("ivy", "")],
)
async def test_wrong_credentials_are_one_answer_whatever_was_wrong(
    people: httpx.AsyncClient, token: str, username: str, password: str
) -> None:
    answer = await sign_in(people, username, password)
    assert code(answer) == (401, "wrong_credentials")
    assert answer.json() == (await sign_in(people, "nobody", "x")).json()


async def test_a_session_is_stored_only_as_a_hash(
    people: httpx.AsyncClient, token: str, users_database: str
) -> None:
    engine = database.connect(users_database)
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT sessions::text FROM sessions"))).all()
    await engine.dispose()
    assert len(rows) == 1
    assert token not in str(rows)
    assert token.encode().hex() not in str(rows)


async def test_a_signed_out_session_is_over_at_once_and_the_others_stay(
    people: httpx.AsyncClient, token: str
) -> None:
    other = (await sign_in(people)).json()["token"]
    gone = await people.delete("/v1/sessions/current", headers=bearer(token))
    assert (gone.status_code, gone.content) == (204, b"")
    assert code(await current(people, token)) == (401, "session_ended")
    refused = await people.post("/v1/tokens", headers=bearer(token))
    assert code(refused) == (401, "session_ended")
    assert (await current(people, other)).status_code == 200


@pytest.mark.parametrize("header", [{}, bearer("unknown"), bearer(""), {"Authorization": "x"}])
async def test_no_session_is_a_session_that_ended(
    people: httpx.AsyncClient, header: dict[str, str]
) -> None:
    for method, path in [
        ("GET", "/v1/sessions/current"),
        ("DELETE", "/v1/sessions/current"),
        ("POST", "/v1/tokens"),
    ]:
        answer = await people.request(method, path, headers=header)
        assert code(answer) == (401, "session_ended")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_seven_idle_days_end_a_session(
    service: Service, people: httpx.AsyncClient, token: str
) -> None:
    service.clock.move(days=6, hours=23)
    assert (await current(people, token)).status_code == 200
    service.clock.move(days=6, hours=23)
    assert (await current(people, token)).status_code == 200
    service.clock.move(days=7)
    assert code(await current(people, token)) == (401, "session_ended")


async def test_thirty_days_end_a_session_however_busy(
    service: Service, people: httpx.AsyncClient, token: str
) -> None:
    for _ in range(29):
        service.clock.move(days=1)
        assert (await current(people, token)).status_code == 200
    service.clock.move(days=1)
    assert code(await current(people, token)) == (401, "session_ended")


async def test_last_seen_is_written_at_most_once_a_minute(
    service: Service, people: httpx.AsyncClient, token: str
) -> None:
    started = (await current(people, token)).json()["last_seen_at"]
    service.clock.move(seconds=59)
    assert (await current(people, token)).json()["last_seen_at"] == started
    service.clock.move(seconds=1)
    assert (await current(people, token)).json()["last_seen_at"] != started


async def test_dead_sessions_are_swept_away(
    service: Service, people: httpx.AsyncClient, token: str, users_database: str
) -> None:
    service.clock.move(days=6)
    living = (await sign_in(people)).json()["token"]
    service.clock.move(days=2)
    await service.state["sessions"].forget_dead()
    engine = database.connect(users_database)
    async with engine.connect() as connection:
        count = await connection.scalar(text("SELECT count(*) FROM sessions"))
    await engine.dispose()
    assert count == 1
    assert (await current(people, living)).status_code == 200


async def test_an_access_token_says_who_where_and_for_how_long(
    service: Service, people: httpx.AsyncClient, token: str
) -> None:
    session = (await current(people, token)).json()
    answer = (await people.post("/v1/tokens", headers=bearer(token))).json()
    keys = jwt.PyJWKSet.from_dict((await people.get("/.well-known/jwks.json")).json())
    header = jwt.get_unverified_header(answer["token"])
    assert (header["alg"], header["kid"]) == ("EdDSA", keys.keys[0].key_id)
    claims = jwt.decode(
        answer["token"],
        keys.keys[0],
        algorithms=["EdDSA"],
        audience="notes",
        issuer="notes-users",
        options={"verify_exp": False, "verify_iat": False},
    )
    now = int(service.clock().timestamp())
    assert (claims["iat"], claims["exp"]) == (now, now + 300)
    assert claims["sub"] == answer["account"]["id"] == session["account"]["id"]
    assert (claims["name"], claims["roles"]) == ("ivy", ["editor", "admin"])
    assert claims["sid"] == session["id"]
    assert claims["jti"]
    assert "info" not in claims
    assert token not in str(claims)


async def test_a_realtime_token_has_its_audience_and_who_is_present(
    people: httpx.AsyncClient, token: str
) -> None:
    sent = {"audience": "realtime"}
    answer = await people.post("/v1/tokens", json=sent, headers=bearer(token))
    claims = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    assert (claims["aud"], claims["info"]) == ("realtime", {"name": "ivy"})


async def test_an_audience_that_we_do_not_serve_is_refused(
    people: httpx.AsyncClient, token: str
) -> None:
    sent = {"audience": "bank"}
    answer = await people.post("/v1/tokens", json=sent, headers=bearer(token))
    assert code(answer) == (422, "invalid_request")


async def test_an_access_token_does_not_outlive_its_session(
    service: Service, people: httpx.AsyncClient, token: str
) -> None:
    for _ in range(5):
        service.clock.move(days=5, hours=23)
        assert (await current(people, token)).status_code == 200
    service.clock.move(hours=4, minutes=58)
    answer = await people.post("/v1/tokens", headers=bearer(token))
    ends = datetime.fromisoformat(answer.json()["expires_at"])
    assert ends - service.clock() == timedelta(minutes=2)


async def test_the_key_set_may_be_kept_for_five_minutes(people: httpx.AsyncClient) -> None:
    answer = await people.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("password", ["another quiet river", None])
async def test_a_changed_password_ends_all_sessions(
    people: httpx.AsyncClient, original: httpx.AsyncClient, token: str, password: str | None
) -> None:
    await original.post("/update-user/ivy", json={"givenName": "Ivy"})
    assert (await current(people, token)).status_code == 200
    await original.post("/update-user/ivy", json={"password": password})
    assert code(await current(people, token)) == (401, "session_ended")


async def test_a_destroyed_account_has_no_sessions(
    people: httpx.AsyncClient, original: httpx.AsyncClient, token: str
) -> None:
    boss = await people.post("/v1/accounts", json={"username": "boss", "password": PASSWORD})
    await original.patch(f"/v1/accounts/{boss.json()['id']}", json={"role": "admin"})
    await original.delete("/destroy/ivy")
    assert code(await current(people, token)) == (401, "session_ended")


async def test_a_disabled_account_neither_signs_in_nor_stays(
    people: httpx.AsyncClient, token: str, users_database: str
) -> None:
    engine = database.connect(users_database)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE accounts SET disabled_at = now()"))
    await engine.dispose()
    assert code(await current(people, token)) == (401, "session_ended")
    assert code(await sign_in(people)) == (401, "wrong_credentials")


async def test_an_imported_account_signs_in_and_gets_a_new_hash(
    people: httpx.AsyncClient, original: httpx.AsyncClient, users_database: str
) -> None:
    bcrypt_of_w0rd = "$2b$04$i4/LQemquf16Q27jThgJNeMwqWpQx7RODGDpJk.hy79lgE8xvnVCS"
    sent = {"username": "old", "password": bcrypt_of_w0rd, "provider": "local"}
    await original.post("/create-user", json=sent)
    assert (await sign_in(people, "old", "w0rd")).status_code == 201
    engine = database.connect(users_database)
    async with engine.connect() as connection:
        stored = await connection.scalar(text("SELECT password_hash FROM accounts"))
    await engine.dispose()
    assert str(stored).startswith("$argon2id$")


async def test_device_and_address_are_believed_from_an_api_key_only(
    service: Service, people: httpx.AsyncClient, original: httpx.AsyncClient, token: str,
    users_database: str,
) -> None:  # fmt: skip
    said = {
        "X-Forwarded-For": "203.0.113.7, 10.0.0.1",
        "X-Forwarded-User-Agent": "Firefox \u200b\x7f" + "x" * 500,
        "User-Agent": "curl",
    }
    said["X-Forwarded-User-Agent"] = said["X-Forwarded-User-Agent"].replace("\u200b", "")
    await sign_in(people, headers=said)
    await sign_in(original, headers=said)
    await sign_in(original, headers={**said, "X-Forwarded-For": "junk"})
    engine = database.connect(users_database)
    query = "SELECT address, device FROM sessions ORDER BY created_at OFFSET 1"
    async with engine.connect() as connection:
        rows = sorted(
            (row.address, row.device) for row in await connection.execute(text(query))
        )
    await engine.dispose()
    device = ("Firefox " + "x" * 500)[:200]
    assert rows == sorted(
        [("192.0.2.1", "curl"), ("192.0.2.1", device), ("203.0.113.7", device)]
    )
