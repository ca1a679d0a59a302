"""What is done around every request: its id, its log line, its metrics, and the last catch."""

import logging
import re
import time
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.asgi.bodies import bounded
from service_kit.asgi.problems import problem
from service_kit.logs import request_id

log = logging.getLogger("http")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Servers hand these on as they came, and whoever reads the address as a text would fail.
_UNSAFE = re.compile(rb"[^\x21-\x7e]")
_QUIET = frozenset({"/health", "/ready", "/metrics"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Observed:
    """The outermost layer: request id, body bound, access log, metrics, and the last catch."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry, max_body: int) -> None:
        self._app = app
        self._max_body = max_body
        self._requests = Counter(
            "http_requests",
            "Requests answered, by route and status",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the request's head to the end of its answer",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request (ASGI 3)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        scope["query_string"] = _UNSAFE.sub(_percent, scope["query_string"])
        own_id = _request_id(scope)
        token = request_id.set(own_id)
        answer = _Answer(send, own_id, scope["method"])
        asked = scope
        try:
            bounded_receive = bounded(scope, receive, self._max_body)
            await self._app(scope, bounded_receive, answer)
            if answer.is_for_get:
                answer.is_for_get = False
                asked = {**scope, "method": "GET"}
                await self._app(asked, bounded_receive, answer)
        except Exception:
            log.exception("unhandled error", extra={"path": scope["path"]})
            if not answer.status:
                await problem(500, "internal_error", "something went wrong on our side")(
                    scope, receive, answer
                )
        finally:
            self._count(
                {**asked, "method": scope["method"]},
                answer.status,
                time.perf_counter() - started,
            )
            request_id.reset(token)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # The route's pattern, not the path: the number of label values stays bounded.
        route = getattr(scope.get("route"), "path", "none")
        self._requests.labels(scope["method"], route, status).inc()
        self._seconds.labels(route).observe(seconds)
        if scope["path"] not in _QUIET:
            facts = {"status": status, "ms": round(seconds * 1000, 1)}
            log.info("%s %s", scope["method"], scope["path"], extra=facts)


class _Answer:
    """Passes an answer on, remembers its status, and names the request in it.

    What answers GET answers HEAD, without the body.
    """

    def __init__(self, send: Send, own_id: str, method: str) -> None:
        self._send = send
        self._own_id = own_id
        self._is_head = method == "HEAD"
        self.is_for_get = False
        """Only GET is answered here: nothing was said yet."""
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            allowed = headers.get("allow", "").replace(" ", "").split(",")
            if message["status"] == 405 and "GET" in allowed and "HEAD" not in allowed:
                self.is_for_get = self._is_head
                headers["Allow"] = ", ".join([*allowed, "HEAD"])
            if not self.is_for_get:
                self.status = message["status"]
                headers["X-Request-Id"] = self._own_id
        elif self._is_head:
            message = {**message, "body": b""}
        if not self.is_for_get:
            await self._send(message)


def _percent(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(given := value.decode("latin-1")):
            return str(given)
    return uuid4().hex
