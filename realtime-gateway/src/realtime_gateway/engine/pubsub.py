"""The receiving end of Redis pub/sub: one connection, parsed by hiredis, no task, no queue.

Every message of one read is handed over before `flushed` is called, so that whoever fans out
can join what arrived together. RESP2; authentication, TLS and Unix sockets as the URL says.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import hiredis
from redis.asyncio.connection import SSLConnection, parse_url

BATCH: Final = 512
"""Channels in one SUBSCRIBE: a command that Redis executes without making others wait."""


class Connection(asyncio.Protocol):
    """Delivers messages until `closed` is done; then it is of no more use."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        message: Callable[[bytes, bytes], None],
        flushed: Callable[[], None],
        confirmed: Callable[[bytes], None],
        dropped: Callable[[bytes | None], None] | None = None,
    ) -> None:
        """Connect to a server, or with `dropped` to one shard of a cluster.

        A shard serves the channels of its slots: `dropped` is told of one that it no longer
        serves (None: of some).
        """
        self._message = message
        self._flushed = flushed
        self._confirmed = confirmed
        self._dropped = dropped
        self._is_message = b"message" if dropped is None else b"smessage"
        self._reader = hiredis.Reader()
        self._replies: list[asyncio.Future[Any]] = []
        self._loop = loop
        self.closed: asyncio.Future[None] = loop.create_future()
        self.has_heard = False
        """Set by any bytes; for whoever watches over the connection to reset."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        """Hand over every message of one read, then call `flushed`."""
        self.has_heard = True
        message, is_message, gets = self._message, self._is_message, self._reader.gets
        self._reader.feed(data)
        try:
            while (reply := gets()) is not False:
                if type(reply) is list and reply[0] == is_message:
                    message(reply[1], reply[2])
                else:
                    self._other(reply)
        except hiredis.ProtocolError:
            self._transport.abort()
        self._flushed()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that the connection is gone."""
        for waiting in [*self._replies, self.closed]:
            if not waiting.done():
                waiting.set_result(None)

    def subscribe(self, keys: Sequence[bytes]) -> None:
        """Ask Redis for these channels; `confirmed` is called for each."""
        self._send(b"SUBSCRIBE", keys)

    def unsubscribe(self, keys: Sequence[bytes]) -> None:
        """Ask Redis for these channels no more."""
        self._send(b"UNSUBSCRIBE", keys)

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._transport.write(_packed(b"PING"))

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    async def authenticate(self, username: str | None, password: str) -> None:
        """ConnectionError if Redis does not let us in."""
        reply: asyncio.Future[Any] = self._loop.create_future()
        self._replies.append(reply)
        names = [username.encode()] if username else []
        self._transport.write(_packed(b"AUTH", *names, password.encode()))
        if await reply != b"OK":
            raise ConnectionError("Redis refused the user name or password")

    def _other(self, reply: Any) -> None:
        if type(reply) is list:
            if reply[0] in (b"subscribe", b"ssubscribe"):
                self._confirmed(reply[1])
            elif reply[0] == b"sunsubscribe" and self._dropped is not None:
                self._dropped(reply[1])
        elif self._replies:
            self._replies.pop(0).set_result(reply)
        elif self._dropped is not None and str(reply).startswith("MOVED "):
            self._dropped(None)
        else:  # an error that answers a SUBSCRIBE: no permission, or a server about to go
            self._transport.abort()

    def _send(self, verb: bytes, keys: Sequence[bytes]) -> None:
        if self._dropped is not None:
            # One command may only name channels of one slot.
            commands = b"".join([_packed(b"S" + verb, key) for key in keys])
            self._transport.write(commands)
            return
        for start in range(0, len(keys), BATCH):
            self._transport.write(_packed(verb, *keys[start : start + BATCH]))


async def connect(url: str, make: Callable[[], Connection]) -> Connection:
    """A connection, authenticated, subscribed to nothing. The caller sets the time limit."""
    parts: dict[str, Any] = dict(parse_url(url))
    loop = asyncio.get_running_loop()
    if path := parts.get("path"):
        _, connection = await loop.create_unix_connection(make, path)
    else:
        host, port = parts.get("host", "localhost"), parts.get("port", 6379)
        is_secure = parts.get("connection_class") is SSLConnection
        secured = _tls(parts) if is_secure else None
        _, connection = await loop.create_connection(make, host, port, ssl=secured)
    try:
        if password := parts.get("password"):
            await connection.authenticate(parts.get("username"), password)
    except BaseException:
        connection.abort()
        raise
    return connection


def _packed(*words: bytes) -> bytes:
    return cast(bytes, hiredis.pack_command(cast(Any, words)))


def _tls(parts: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=parts.get("ssl_ca_certs"))
    if parts.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
