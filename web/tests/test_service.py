"""The first request after a service came back is asked once more, if it changes nothing."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from web.service import Refused, Service, Unreachable

BROKEN = b""
FINE = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"fine":true}'


def answer(status: int) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}" % status


class Backend:
    """Gives these answers, one a connection; an empty one is a connection that breaks."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.asked: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split(b" ", 1)[0])
        writer.write(self.answers.pop(0) if self.answers else FINE)
        await writer.drain()
        writer.close()


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
async def service(backend: Backend) -> AsyncIterator[Service]:
    server = await asyncio.start_server(backend.serve, "127.0.0.1", 0)
    url = "http://{}:{}".format(*server.sockets[0].getsockname())
    async with server, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield Service("notes", http)


@pytest.mark.parametrize("hiccup", [BROKEN, answer(502), answer(503)])
async def test_a_read_that_meets_a_service_coming_back_is_asked_once_more(
    service: Service, backend: Backend, hiccup: bytes
) -> None:
    backend.answers = [hiccup]
    assert await service.call("GET", "/v1/notes") == {"fine": True}
    backend.answers = [hiccup]
    assert await service.call("POST", "/v1/tokens", repeatable=True) == {"fine": True}
    assert backend.asked == [b"GET", b"GET", b"POST", b"POST"]


@pytest.mark.parametrize("hiccup", [BROKEN, answer(503)])
async def test_a_change_is_never_repeated_by_itself(
    service: Service, backend: Backend, hiccup: bytes
) -> None:
    backend.answers = [hiccup]
    with pytest.raises(Unreachable):
        await service.call("POST", "/v1/notes", json={})
    assert backend.asked == [b"POST"]


@pytest.mark.parametrize("hiccup", [BROKEN, answer(503)])
async def test_a_service_that_stays_away_is_asked_twice_and_no_more(
    service: Service, backend: Backend, hiccup: bytes
) -> None:
    backend.answers = [hiccup] * 3
    with pytest.raises(Unreachable):
        await service.call("GET", "/v1/notes")
    assert backend.asked == [b"GET", b"GET"]


async def test_a_failure_of_its_own_and_a_refusal_are_answers(
    service: Service, backend: Backend
) -> None:
    backend.answers = [answer(500), answer(404)]
    with pytest.raises(Unreachable):
        await service.call("GET", "/v1/notes")
    with pytest.raises(Refused):
        await service.call("GET", "/v1/notes")
    assert len(backend.asked) == 2
