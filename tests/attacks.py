"""What strangers and careless programs send at the edge, from threads of their own.

Each attack ends by itself after `seconds`, and says how it was answered.
"""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

TOO_FAST: Final = 4429
_PATIENCE: Final = 10.0
_MIB: Final = 1024 * 1024
_CUT_OFF: Final = "a body that does not come"


def flood(url: str, *, clients: int, seconds: float) -> set[int]:
    """60 kB of commands without pause, again and again; the codes that ended connections."""
    message = "\n".join(['{"send":{}}'] * 5_000)
    return _sockets(url, clients, seconds, lambda: message)


def churn(url: str, channels: list[str], *, clients: int, seconds: float) -> set[int]:
    """Subscriptions that come and go, 50 of them in a message."""
    commands = [
        {"id": number, method: {"channel": channels[number // 2 % len(channels)]}}
        for number, method in enumerate(["subscribe", "unsubscribe"] * 50, start=2)
    ]
    message = "\n".join(map(json.dumps, commands))
    return _sockets(url, clients, seconds, lambda: message)


def _sockets(url: str, clients: int, seconds: float, say: Callable[[], str]) -> set[int]:
    codes: set[int] = set()
    until = time.monotonic() + seconds

    def attack() -> None:
        while time.monotonic() < until:
            try:
                codes.add(_one(url, until, say))
            except (OSError, InvalidHandshake, TimeoutError):
                time.sleep(0.05)

    _at_once([attack] * clients)
    return codes


def _one(url: str, until: float, say: Callable[[], str]) -> int:
    """The code with which the other side ended it; 1000 where it bore it all."""
    address = url.replace("http", "ws", 1) + "/connection/websocket"
    with connect(address, open_timeout=_PATIENCE, close_timeout=1, proxy=None) as attacker:
        try:
            attacker.send('{"id":1,"connect":{}}')
            while time.monotonic() < until:
                attacker.send(say())
            return 1000
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def bad_requests(port: int, token: str) -> list[tuple[str, int]]:
    """Bodies and headers that are none, each on a connection of its own, and the statuses that
    they were answered with: 0 for none.
    """
    found: list[tuple[str, int]] = []
    asked = _bad_requests(token)

    def ask(name: str, sent: bytes) -> None:
        found.append((name, _status(port, sent, goes=name == _CUT_OFF)))

    _at_once([lambda name=name, sent=sent: ask(name, sent) for name, sent in asked.items()])  # type: ignore[misc]
    return found


def _bad_requests(token: str) -> dict[str, bytes]:
    bearer = f"Authorization: Bearer {token}"
    high, whole = bytes(range(128, 256)), b'{"title":"Soup","body":"x"}'
    return {
        "half a body": _post(bearer, whole[:-5]),
        _CUT_OFF: _post(bearer, whole[:5], length=len(whole)),
        "no text": _post(bearer, b'{"title":"\xff\xfe"}'),
        "half a letter": _post(bearer, b'{"title":"\\ud800","body":""}'),
        "deep": _post(bearer, b"[" * 100_000),
        "too much": _post(bearer, b'{"title":"x","body":"' + b"x" * 3 * _MIB + b'"}'),
        "bytes beyond ASCII": _post(bearer, whole, b"Idempotency-Key: " + high),
        "a key of such bytes": _post("Authorization: Bearer x", whole, b"X-Api-Key: " + high),
        "a cookie of such bytes": _post(bearer, whole, b"Cookie: notes_session=" + high),
    }


def _post(bearer: str, body: bytes, header: bytes = b"X-Nothing: x", length: int = -1) -> bytes:
    said = len(body) if length < 0 else length
    head = f"POST /v1/notes HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {said}\r\n"
    return head.encode() + header + b"\r\n\r\n" + body


def _status(port: int, sent: bytes, *, goes: bool) -> int:
    """0 where there was no answer: who `goes` is owed none."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as way:
        try:
            way.sendall(sent)
            if goes:
                way.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before all of it was sent
        try:
            first = way.makefile("rb").readline(100).split()
        except OSError:
            return 0
    return int(first[1]) if len(first) > 1 else 0


def _at_once(attacks: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=attack) for attack in attacks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
