"""A service that comes back is waited for, by what may be asked twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from local_stack.ports import free_port
from notes_web.clients.http import HttpClient, Refused, Unreachable
from notes_web.clients.retry import Retries, RetryWindow
from starlette.types import Receive, Scope, Send

T = TypeVar("T")

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
async def service(backend: Backend) -> AsyncIterator[HttpClient]:
    server = await asyncio.start_server(backend.serve, "127.0.0.1", 0)
    url = "http://{}:{}".format(*server.sockets[0].getsockname())
    async with server, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield HttpClient("notes", http)


@pytest.fixture
def patience() -> Any:
    """`await patience(seconds, work)`: `work` as if a request of so much patience did it."""

    async def run(seconds: float, work: Callable[[], Awaitable[T]]) -> T:
        done: list[T] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            done.append(await work())

        await RetryWindow(app, seconds=seconds)({"type": "http"}, _nothing, _nothing)
        return done[0]

    return run


async def _nothing(*_: Any) -> Any:
    return {}


@pytest.mark.parametrize("hiccup", [BROKEN, answer(502), answer(503)])
async def test_what_may_be_asked_twice_waits_for_a_service_that_is_coming_back(
    service: HttpClient, backend: Backend, patience: Any, hiccup: bytes
) -> None:
    for asked in (
        lambda: service.call("GET", "/v1/notes"),
        lambda: service.call("POST", "/v1/tokens", repeatable=True),
        lambda: service.call("PUT", "/v1/notes/menu", headers={"Idempotency-Key": "1"}),
    ):
        backend.answers = [hiccup] * 4
        assert await patience(10, asked) == {"fine": True}
        assert not backend.answers


@pytest.mark.parametrize("hiccup", [BROKEN, answer(503)])
async def test_a_change_without_a_key_is_never_repeated_by_itself(
    service: HttpClient, backend: Backend, patience: Any, hiccup: bytes
) -> None:
    backend.answers = [hiccup]
    with pytest.raises(Unreachable):
        await patience(10, lambda: service.call("POST", "/v1/notes", json={}))
    assert backend.asked == [b"POST"]


async def test_what_never_arrived_is_asked_again_whatever_it_is(patience: Any) -> None:
    backend, port = Backend(), free_port()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        service = HttpClient("users", http)
        waiting = asyncio.create_task(
            patience(10, lambda: service.call("POST", "/v1/sessions", json={}))
        )
        await asyncio.wait([waiting], timeout=0.3)
        assert not waiting.done()
        async with await asyncio.start_server(backend.serve, "127.0.0.1", port):
            assert await waiting == {"fine": True}
    assert backend.asked == [b"POST"]


@pytest.mark.parametrize("hiccup", [BROKEN, answer(503)])
async def test_patience_ends_and_the_failure_is_told(
    service: HttpClient, backend: Backend, patience: Any, hiccup: bytes
) -> None:
    backend.answers = [hiccup] * 100
    with pytest.raises(Unreachable):
        await patience(0.5, lambda: service.call("GET", "/v1/notes"))
    assert 2 < len(backend.asked) < 10


async def test_all_calls_of_one_request_share_its_patience(
    service: HttpClient, backend: Backend, patience: Any
) -> None:
    backend.answers = [BROKEN] * 100

    async def twice() -> int:
        counts = []
        for _ in range(2):
            with pytest.raises(Unreachable):
                await service.call("GET", "/v1/notes")
            counts.append(len(backend.asked))
        return counts[1] - counts[0]

    assert await patience(0.5, twice) == 2


@pytest.mark.parametrize("hiccup", [BROKEN, answer(503)])
async def test_without_patience_a_service_is_asked_twice_and_no_more(
    service: HttpClient, backend: Backend, patience: Any, hiccup: bytes
) -> None:
    backend.answers = [hiccup] * 3
    with pytest.raises(Unreachable):
        await patience(10, lambda: service.call("GET", "/v1/notes", is_patient=False))
    assert backend.asked == [b"GET", b"GET"]


async def test_few_may_wait_and_the_others_hear_at_once(patience: Any) -> None:
    asked = asyncio.Semaphore(0)

    async def away() -> httpx.Response:
        asked.release()
        raise httpx.ConnectError("refused")

    waiting = Retries(room=2)
    patient = [
        asyncio.create_task(patience(60, lambda: waiting.ask(away, repeatable=True)))
        for _ in range(2)
    ]
    for _ in patient:
        await asked.acquire()
    with pytest.raises(httpx.ConnectError):
        await patience(60, lambda: waiting.ask(away, repeatable=True))
    assert not any(each.done() for each in patient)
    for each in patient:
        each.cancel()


async def test_a_failure_of_its_own_and_a_refusal_are_answers(
    service: HttpClient, backend: Backend
) -> None:
    backend.answers = [answer(500), answer(404)]
    with pytest.raises(Unreachable):
        await service.call("GET", "/v1/notes")
    with pytest.raises(Refused):
        await service.call("GET", "/v1/notes")
    assert len(backend.asked) == 2


@pytest.mark.parametrize(
    ("method", "changes", "said", "may_be_done"),
    [
        ("PUT", True, BROKEN, True),
        ("PUT", True, answer(503), True),
        ("DELETE", True, answer(500), True),
        ("POST", False, BROKEN, False),
        ("GET", True, answer(503), False),
    ],
    ids=["broken off", "503", "500", "only asked", "read"],
)
async def test_who_cannot_know_whether_a_change_was_made_does_not_say_that_it_was_not(
    service, backend, method, changes, said, may_be_done
):
    backend.answers = [said] * 3
    with pytest.raises(Unreachable) as caught:
        await service.call(method, "/v1/notes/a", changes=changes)
    assert caught.value.may_be_done is may_be_done


async def test_what_never_arrived_is_not_done():
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port()}") as http:
        with pytest.raises(Unreachable) as caught:
            await HttpClient("notes", http).call("PUT", "/v1/notes/a")
    assert caught.value.may_be_done is False
