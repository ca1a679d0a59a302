"""HTTP on the gateway's port.

Uvicorn's, except that a request for server-sent events takes the connection with it.

So a stream costs what a WebSocket costs: no task and no queue, and a publication's bytes are
the same for everybody. A request can come at any time on a connection that a proxy keeps alive,
which is why it is caught here and not at the front.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from service_kit.asgi.bodies import BODY_SECONDS
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from realtime_gateway.config.options import Options
from realtime_gateway.node.clients import Clients
from realtime_gateway.protocol.commands import Command
from realtime_gateway.protocol.fields import Malformed
from realtime_gateway.transports import handshake
from realtime_gateway.transports.handshake import Refused
from realtime_gateway.transports.unidirectional import PARAMETER, EventStream, understood

TOO_LARGE: Final = Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
NOT_ALLOWED: Final = Refused(
    HTTPStatus.METHOD_NOT_ALLOWED, "this address answers GET and POST", {"Allow": "GET, POST"}
)
TOO_SLOW: Final = Refused(
    HTTPStatus.REQUEST_TIMEOUT, f"a request body arrives within {BODY_SECONDS:.0f} seconds"
)
MALFORMED: Final = Refused(HTTPStatus.BAD_REQUEST, "the request is no connect request")
"""Whatever it is that a browser's EventSource asks, this it does not ask again."""
PREFLIGHT: Final = Refused(HTTPStatus.OK, "")
TOO_OLD: Final = Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "a stream needs HTTP/1.1")


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which lets event streams have the connection."""

    def admit(
        self, options: Options, clients: Clients, make: Callable[[], EventStream]
    ) -> None:
        """Answer requests for streams, which `make` makes."""
        self._options = options
        self._clients = clients
        self._make = make
        self._body: bytearray | None = None
        """Of a request for a stream, while it arrives."""
        self.wake_tick = 0

    def on_headers_complete(self) -> None:
        """Take a request for a stream aside; any other is uvicorn's."""
        path = unquote(self.url.partition(b"?")[0].decode("latin-1"))
        is_busy = self.cycle is not None and not self.cycle.response_complete
        uni_sse = self._options.uni_sse
        if uni_sse.enabled and path == uni_sse.handler_prefix and not is_busy:
            self._body = bytearray()
            self._clients.wheel.put(self, self._clients.loop.time() + BODY_SECONDS)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Collect the body of a request for a stream."""
        if self._body is None:
            super().on_body(body)
        elif not self.transport.is_closing():
            self._body += body
            if len(self._body) > self._options.uni_sse.max_request_body_size:
                self._answer(bytes(self._body))

    def on_message_complete(self) -> None:
        """Answer a request for a stream."""
        if self._body is None:
            super().on_message_complete()
        elif not self.transport.is_closing():
            self._answer(bytes(self._body))

    def wake(self, now: float) -> None:
        """The body has taken too long."""
        begun = {"X-Body-Received": str(len(self._body))} if self._body else {}
        self._refuse(replace(TOO_SLOW, headers=begun))

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the timer wheel, then do what uvicorn does."""
        self._clients.wheel.remove(self)
        super().connection_lost(exc)

    def _answer(self, body: bytes) -> None:
        self._clients.wheel.remove(self)
        self._unset_keepalive_if_required()
        found = self._request(body)
        if isinstance(found, Refused):
            self._refuse(found)
            return
        self.connections.discard(self)
        self.transport.write(_head(_shared_with(self._header(b"origin"))))
        self._clients.stats.bytes_received += len(body)
        stream = self._make()
        stream.attach(self.transport, buffer_limit=self._options.client.queue_max_size)
        stream.follow(found)

    def _refuse(self, refused: Refused) -> None:
        self._clients.stats.handshakes_refused[refused.status] += 1
        if refused is not handshake.FOREIGN:
            shared = _shared_with(self._header(b"origin"))
            refused = replace(refused, headers=refused.headers | shared)
        self.transport.write(refused.response)
        self.transport.close()

    def _request(self, body: bytes) -> list[Command] | Refused:
        """What the client says, or why it is not listened to."""
        if not handshake.is_allowed(
            self._header(b"origin"), self._options.client.allowed_origins
        ):
            return handshake.FOREIGN
        method = self.parser.get_method()
        if method == b"OPTIONS" and self._header(b"origin"):
            return _preflight(self._header(b"access-control-request-headers"))
        if method not in (b"GET", b"POST"):
            return NOT_ALLOWED
        if self.parser.get_http_version() != "1.1":
            return TOO_OLD
        if len(body) > self._options.uni_sse.max_request_body_size:
            return TOO_LARGE
        if not self._clients.has_room_for(self.transport):
            return handshake.overloaded(self._clients.seconds_to_wait())
        query = handshake.parameters(self.url.partition(b"?")[2].decode("latin-1"))
        try:
            return understood(body or query.get(PARAMETER, ""))
        except Malformed:
            return MALFORMED

    def _header(self, name: bytes) -> list[str]:
        return [value.decode("latin-1") for each, value in self.headers if each == name]


def no_upgrade(clients: Clients) -> Callable[[], Awaitable[Response]]:
    """The answer to plain HTTP where WebSockets are expected.

    By it a page learns whether there is room. Reached on a connection that has carried HTTP
    before: the front answers a first.
    """

    async def answer() -> Response:
        refused = handshake.NOT_AN_UPGRADE
        if not clients.has_room:
            refused = handshake.overloaded(clients.seconds_to_wait())
        return Response(refused.why, refused.status.value, refused.headers)

    return answer


def _preflight(wanted: list[str]) -> Refused:
    """What a browser asks before it sends a page's request to another origin."""
    allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Max-Age": "600"}
    if wanted:
        allowed["Access-Control-Allow-Headers"] = ", ".join(wanted)
    return replace(PREFLIGHT, headers=allowed)


def _shared_with(origins: list[str]) -> dict[str, str]:
    """Headers by which a browser lets a page of an allowed origin have the answer.

    Also one that was asked for with cookies, which mean nothing here.
    """
    if not origins:
        return {}
    return {
        "Access-Control-Allow-Origin": origins[0],
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def _head(shared: dict[str, str]) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Cache-Control: no-store"]
    # nginx would else gather what has to be heard at once.
    lines += ["X-Accel-Buffering: no", "Transfer-Encoding: chunked"]
    lines += [f"{name}: {value}" for name, value in shared.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
