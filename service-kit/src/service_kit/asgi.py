"""What every HTTP service of this system does alike, whatever it serves.

`install` gives an app: one error form (RFC 9457 problem details with a stable `code`),
liveness, readiness and metrics, a request id that is passed on, one access log line per request
without its query string, and limits on request bodies: on their size, and on the time they take
to arrive. No internals of a failure reach a client.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.logs import request_id

log = logging.getLogger("http")

Readiness = Callable[[], Awaitable[dict[str, bool]]]

# Servers let go of an idle connection later than their clients do (httpx: 5 s, Caddy: 120 s).
# Where both let go at once, a request can meet the end of its connection, and fail.
KEEP_ALIVE_SECONDS = 150

# A little less than the edge allows, so that it is a service that says what was wrong.
BODY_SECONDS = 28.0

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Servers hand these on as they came, and whoever reads the address as a text would fail.
_UNSAFE = re.compile(rb"[^\x21-\x7e]")
_QUIET = frozenset({"/health", "/ready", "/metrics"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **facts: Any,
) -> JSONResponse:
    """Return the one error response of this system (RFC 9457); clients switch on `code`."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return JSONResponse(
        {**body, "detail": detail, **facts},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def install(
    app: FastAPI,
    *,
    ready: Readiness,
    registry: CollectorRegistry,
    max_body: int,
    optional: frozenset[str] = frozenset(),
) -> None:
    """Add to `app` what the module promises.

    `ready` says by name which dependencies are there; those in `optional` are reported without
    making the service unready. Bodies of more than `max_body` bytes are answered with 413.
    """
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_middleware(_Observed, registry=registry, max_body=max_body)

    @app.get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready", include_in_schema=False)
    async def readiness() -> JSONResponse:
        checks = await ready()
        is_ready = all(fine for name, fine in checks.items() if name not in optional)
        body = {"status": "ready" if is_ready else "not_ready", "checks": checks}
        return JSONResponse(body, status_code=200 if is_ready else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers) if error.headers else None
    return problem(status, status.name.lower(), str(error.detail), headers=headers)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return problem(400, "invalid_json", "the body is not JSON")
    # Never `input`: what was typed may be a secret.
    fields = [
        {"field": ".".join(str(part) for part in each["loc"]), "message": each["msg"]}
        for each in found
    ]
    return problem(422, "invalid_request", "the request does not fit", errors=fields)


class _Observed:
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
            bounded = _bounded(scope, receive, self._max_body)
            await self._app(scope, bounded, answer)
            if answer.is_for_get:
                answer.is_for_get = False
                asked = {**scope, "method": "GET"}
                await self._app(asked, bounded, answer)
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


def _bounded(scope: Scope, receive: Receive, limit: int) -> Receive:
    """Return `receive` with limits on size and time of the body.

    It refuses with 413 once the body passes `limit` bytes, announced or not, and with 408 when
    it has not arrived within `BODY_SECONDS`.
    """
    said = dict(scope["headers"]).get(b"content-length", b"0")
    is_said_too_large = said.isdigit() and int(said) > limit
    deadline: float | None = asyncio.get_running_loop().time() + BODY_SECONDS
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received, deadline
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise _too_slow(received) from None
        received += len(message.get("body", b""))
        if is_said_too_large or received > limit:
            raise HTTPException(413, f"a request body has at most {limit} bytes")
        if not message.get("more_body"):
            deadline = None  # what comes now is the client's going, whenever that is
        return message

    return receive_bounded


def _too_slow(received: int) -> HTTPException:
    # The edge has to close its client's connection where it has begun to read the body.
    begun = {"X-Body-Received": str(received)} if received else {}
    return HTTPException(
        408,
        f"a request body arrives within {BODY_SECONDS:.0f} seconds",
        headers={"Connection": "close", **begun},
    )
