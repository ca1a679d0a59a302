"""HTTP on the gateway's port: uvicorn's, except that a request for server-sent events takes the
connection with it.

So a stream costs what a WebSocket costs: no task and no queue, and a publication's bytes are
the same for everybody. A request can come at any time on a connection that a proxy keeps alive,
which is why it is caught here and not at the front.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from service_kit.asgi import BODY_SECONDS
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from realtime_gateway.config.options import Options
from realtime_gateway.node.clients import Clients
from realtime_gateway.transports import handshake
from realtime_gateway.transports.handshake import Refused
from realtime_gateway.transports.unidirectional import PARAMETER, EventStream

TOO_LARGE: Final = Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
NOT_ALLOWED: Final = Refused(
    HTTPStatus.METHOD_NOT_ALLOWED, "this address answers GET and POST", {"Allow": "GET, POST"}
)
TOO_SLOW: Final = Refused(
    HTTPStatus.REQUEST_TIMEOUT, f"a request body arrives within {BODY_SECONDS:.0f} seconds"
)
TOO_OLD: Final = Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "a stream needs HTTP/1.1")


class HttpDoor(HttpToolsProtocol):
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
        path = unquote(self.url.partition(b"?")[0].decode("latin-1"))
        is_busy = self.cycle is not None and not self.cycle.response_complete
        uni_sse = self._options.uni_sse
        if uni_sse.enabled and path == uni_sse.handler_prefix and not is_busy:
            self._body = bytearray()
            self._clients.wheel.put(self, self._clients.loop.time() + BODY_SECONDS)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._body is None:
            super().on_body(body)
        elif not self.transport.is_closing():
            self._body += body
            if len(self._body) > self._options.uni_sse.max_request_body_size:
                self._answer(bytes(self._body))

    def on_message_complete(self) -> None:
        if self._body is None:
            super().on_message_complete()
        elif not self.transport.is_closing():
            self._answer(bytes(self._body))

    def wake(self, now: float) -> None:
        """The body has taken too long."""
        begun = {"X-Body-Received": str(len(self._body))} if self._body else {}
        self._refuse(replace(TOO_SLOW, headers=begun))

    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.wheel.remove(self)
        super().connection_lost(exc)

    def _answer(self, body: bytes) -> None:
        self._clients.wheel.remove(self)
        origins = [value.decode("latin-1") for name, value in self.headers if name == b"origin"]
        refused = self._refusal(body, origins)
        self._unset_keepalive_if_required()
        if refused is not None:
            self._refuse(refused)
            return
        self.connections.discard(self)
        self.transport.write(_head(origins))
        stream = self._make()
        stream.attach(self.transport, buffer_limit=self._options.client.queue_max_size)
        query = handshake.parameters(self.url.partition(b"?")[2].decode("latin-1"))
        stream.begin(body or query.get(PARAMETER, "{}"))

    def _refuse(self, refused: Refused) -> None:
        self._clients.stats.handshakes_refused[refused.status] += 1
        self.transport.write(refused.response)
        self.transport.close()

    def _refusal(self, body: bytes, origins: list[str]) -> Refused | None:
        if self.parser.get_method() not in (b"GET", b"POST"):
            return NOT_ALLOWED
        if self.parser.get_http_version() != "1.1":
            return TOO_OLD
        if len(body) > self._options.uni_sse.max_request_body_size:
            return TOO_LARGE
        if not handshake.is_allowed(origins, self._options.client.allowed_origins):
            return handshake.FOREIGN
        if self._clients.has_room_for(self.transport):
            return None
        return handshake.overloaded(self._clients.seconds_to_wait())


def no_upgrade(clients: Clients) -> Callable[[], Awaitable[Response]]:
    """The answer to plain HTTP where WebSockets are expected; by it a page learns whether there
    is room. Reached on a connection that has carried HTTP before: the front answers a first.
    """

    async def answer() -> Response:
        refused = handshake.NOT_AN_UPGRADE
        if not clients.has_room:
            refused = handshake.overloaded(clients.seconds_to_wait())
        return Response(refused.why, refused.status.value, refused.headers)

    return answer


def _head(origins: list[str]) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Cache-Control: no-store"]
    # nginx would else gather what has to be heard at once.
    lines += ["X-Accel-Buffering: no", "Transfer-Encoding: chunked"]
    if origins:
        lines += [f"Access-Control-Allow-Origin: {origins[0]}", "Vary: Origin"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
