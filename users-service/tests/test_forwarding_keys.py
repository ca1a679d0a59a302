"""Who speaks for people's browsers is believed about where they are, and opens nothing."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from users_running import PASSWORD, Service, running, some_settings

WEB = ("web", "a-key-for-forwarding")
BROWSER = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-User-Agent": "Firefox"}


@pytest.fixture
async def service(users_database: str, redis_url: str) -> AsyncIterator[Service]:
    keys = SecretStr(":".join(WEB))
    async with running(
        some_settings(users_database, redis_url, forwarding_keys=keys)
    ) as service:
        yield service


async def signed_in(client: httpx.AsyncClient, username: str, **headers: str) -> str:
    words = {"username": username, "password": PASSWORD}
    made = await client.post("/v1/accounts", json=words, headers=headers)
    assert made.status_code == 201, made.text
    answer = await client.post("/v1/sessions", json=words, headers=headers)
    return str(answer.json()["token"])


async def address_of(client: httpx.AsyncClient, session: str) -> str:
    shown = {"Authorization": f"Bearer {session}"}
    found = (await client.get("/v1/sessions", headers=shown)).json()["sessions"]
    return str(next(each["address"] for each in found if each["current"]))


async def test_a_forwarding_key_is_believed_about_where_a_browser_is(service: Service) -> None:
    web, stranger = service.client("192.0.2.9", auth=WEB), service.client("192.0.2.66")
    session = await signed_in(web, "ivy", **BROWSER)
    assert await address_of(stranger, session) == "198.51.100.7"
    session = await signed_in(stranger, "eve", **BROWSER)
    assert await address_of(stranger, session) == "192.0.2.66"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/list"),
        ("POST", "/create-user"),
        ("POST", "/password-check"),
        ("GET", "/v1/accounts"),
        ("PATCH", "/v1/accounts/{id}"),
        ("DELETE", "/v1/accounts/{id}"),
        ("POST", "/v1/accounts/{id}/reset-link"),
        ("POST", "/v1/accounts/{id}/sign-in-link"),
        ("GET", "/v1/invitations"),
        ("POST", "/v1/invitations"),
        ("GET", "/v1/audit"),
    ],
)
async def test_a_forwarding_key_opens_nothing(service: Service, method: str, path: str) -> None:
    web = service.client(auth=WEB)
    made = await web.post("/v1/accounts", json={"username": "ivy", "password": PASSWORD})
    sent = {} if method in ("GET", "DELETE") else {"json": {}}
    answer = await web.request(method, path.format(id=made.json()["id"]), **sent)  # type: ignore[arg-type]
    assert answer.status_code == 401


@pytest.mark.parametrize("pairs", ["web", "web:", ","])
def test_forwarding_keys_that_are_none_are_refused(pairs: str) -> None:
    with pytest.raises(ValidationError):
        some_settings("postgresql://x", "redis://x", forwarding_keys=SecretStr(pairs))
