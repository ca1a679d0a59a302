"""People who sign up and in, for tests that are about what they do then."""

from dataclasses import dataclass
from typing import Any

import httpx
from users_running import PASSWORD


@dataclass
class Someone:
    """A person with a session: the client and what it shows."""

    client: httpx.AsyncClient
    id: str
    token: str

    async def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def session_id(self) -> str:
        return str((await self("GET", "/v1/sessions/current")).json()["id"])


async def sign_in(
    client: httpx.AsyncClient, username: str, password: str = PASSWORD, **options: Any
) -> Someone:
    sent = {"username": username, "password": password}
    answer = await client.post("/v1/sessions", json=sent, **options)
    assert answer.status_code == 201, answer.text
    said = answer.json()
    return Someone(client, said["account"]["id"], said["token"])


async def join(client: httpx.AsyncClient, username: str, **others: Any) -> Someone:
    """A new account and its first session."""
    sent = {"username": username, "password": PASSWORD, **others}
    answer = await client.post("/v1/accounts", json=sent)
    assert answer.status_code == 201, answer.text
    return await sign_in(client, username)


def told(answer: httpx.Response) -> tuple[int, str]:
    """The refusal, as a client switches on it."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
