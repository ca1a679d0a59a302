"""Promise 5: sign-out, password change or a disabled account ends that person's sockets.

Here: that the gateway is told, once the end is committed and until it has heard it.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from local_stack.ports import free_port
from prometheus_client import CollectorRegistry, Counter
from pydantic import SecretStr
from signing_in import Someone, join, sign_in
from users_running import KEY, PASSWORD, Service, running, some_settings
from users_service.jobs.gateway_disconnects import GatewayDisconnects


class Gateway:
    """Takes `POST /api/disconnect`, refuses as often as it is told to."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.refusals: list[tuple[int, str]] = []
        self.cannot_hear_of: set[str] = set()
        self.asked_in_vain = 0
        self.port = free_port()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        body = await reader.readexactly(int(fields["content-length"]))
        status, said = self.refusals.pop(0) if self.refusals else (200, '{"result":{}}')
        if any(user in body.decode() for user in self.cannot_hear_of):
            status, said = 500, "no"
            self.asked_in_vain += 1
        if (status, said) == (200, '{"result":{}}'):
            command = httpx.Response(200, content=body).json()
            await self.heard.put((fields["x-api-key"], command))
        reply = (
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n"
        )
        writer.write((reply + said).encode())
        await writer.drain()
        writer.close()

    async def next(self) -> dict[str, Any]:
        key, command = await asyncio.wait_for(self.heard.get(), timeout=20)
        assert key == "the-gateways-key"
        return command


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    server = await asyncio.start_server(gateway.answer, "127.0.0.1", gateway.port)
    async with server:
        yield gateway


@pytest.fixture
async def service(
    users_database: str, redis_url: str, gateway: Gateway
) -> AsyncIterator[Service]:
    settings = some_settings(
        users_database,
        redis_url,
        gateway_url=f"http://127.0.0.1:{gateway.port}",
        gateway_api_key=SecretStr("the-gateways-key"),
    )
    async with running(settings) as service:
        yield service


@pytest.fixture
async def boss(people: httpx.AsyncClient) -> Someone:
    return await join(people, "boss")


@pytest.fixture
async def ivy(people: httpx.AsyncClient, boss: Someone) -> Someone:
    return await join(people, "ivy")


ENDED = {"code": 3014, "reason": "session ended"}


async def test_one_ended_session_closes_the_sockets_of_that_session_only(
    people: httpx.AsyncClient, gateway: Gateway, ivy: Someone
) -> None:
    other = await sign_in(people, "ivy")
    for ends, path in [(ivy, "/v1/sessions/others"), (ivy, "/v1/sessions/current")]:
        session = await (other if "others" in path else ivy).session_id()
        await ends("DELETE", path)
        expected = {"user": ivy.id, "session": session, "disconnect": ENDED}
        assert await gateway.next() == expected


async def test_what_removes_a_sign_in_method_closes_all_sockets_of_the_account(
    people: httpx.AsyncClient, gateway: Gateway, boss: Someone, ivy: Someone
) -> None:
    path = f"/v1/accounts/{ivy.id}"
    changed = {"old_password": PASSWORD, "new_password": "another quiet river"}
    link = (await boss("POST", f"{path}/reset-link")).json()["token"]

    async def reset() -> None:
        sent = {"token": link, "password": PASSWORD}
        assert (await people.post("/v1/password-resets", json=sent)).is_success

    everything = {"user": ivy.id, "disconnect": ENDED}
    await reset()
    assert await gateway.next() == everything
    ivy = await sign_in(people, "ivy")
    for ends in (
        lambda: ivy("PUT", "/v1/account/password", json=changed),
        lambda: boss("PATCH", path, json={"role": "reader"}),
        lambda: boss("PATCH", path, json={"disabled": True}),
        lambda: boss("DELETE", f"{path}/sessions"),
        lambda: people.post("/update-user/ivy", json={"password": "x"}, auth=KEY),
        lambda: boss("DELETE", path),
    ):
        assert (await ends()).is_success
        assert await gateway.next() == everything
    assert gateway.heard.empty()


async def test_a_gateway_that_is_away_or_refuses_is_told_again(
    gateway: Gateway, ivy: Someone
) -> None:
    gateway.refusals = [(503, "{}"), (200, '{"error":{"code":100}}'), (401, "no")]
    await ivy("DELETE", "/v1/sessions/current")
    assert (await gateway.next())["user"] == ivy.id
    assert gateway.refusals == []


async def test_one_that_the_gateway_cannot_hear_of_holds_up_no_other(
    people: httpx.AsyncClient, gateway: Gateway, boss: Someone, ivy: Someone
) -> None:
    """Promise 5: the sockets of the others end within a second."""
    gateway.cannot_hear_of = {ivy.id}
    await ivy("DELETE", "/v1/sessions/current")
    async with asyncio.timeout(20):
        while gateway.asked_in_vain < 4:  # noqa: ASYNC110 - nothing tells when it is
            await asyncio.sleep(0.01)
    await boss("DELETE", "/v1/sessions/current")
    assert (await gateway.next())["user"] == boss.id
    assert gateway.asked_in_vain < 8, "it is asked ever less often"
    gateway.cannot_hear_of = set()
    assert (await gateway.next())["user"] == ivy.id


async def test_what_ended_longer_ago_than_any_token_lives_is_not_told(
    users_database: str, redis_url: str, gateway: Gateway
) -> None:
    async with running(some_settings(users_database, redis_url)) as service:
        ivy = await join(service.client(), "ivy")
        await ivy("DELETE", "/v1/sessions/current")
        service.clock.move(minutes=7)
        told = Counter("told", "", ["result"], registry=CollectorRegistry())
        url = f"http://127.0.0.1:{gateway.port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            disconnects = GatewayDisconnects(
                database=service.state["sessions"].database,
                gateway=client,
                delivered=told,
                now=service.clock,
            )
            assert await disconnects.deliver_next() is True
            assert await disconnects.deliver_next() is False
    assert gateway.heard.empty()
