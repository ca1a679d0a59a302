"""What every HTTP service of this system does alike, whatever it serves.

`install` gives an app: one error form (RFC 9457 problem details with a stable `code`),
liveness, readiness and metrics, a request id that is passed on, one access log line per request
without its query string, and limits on request bodies: on their size, and on the time they take
to arrive. No internals of a failure reach a client. `from_state` gives its routes what the
lifespan has made, and `serve` runs it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException

from service_kit.asgi.observed import Observed
from service_kit.asgi.problems import on_http_exception, on_invalid_request, problem
from service_kit.asgi.server import KEEP_ALIVE_SECONDS, serve

__all__ = ["KEEP_ALIVE_SECONDS", "from_state", "install", "problem", "serve"]

Readiness = Callable[[], Awaitable[dict[str, bool]]]


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
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_middleware(Observed, registry=registry, max_body=max_body)

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


def from_state(name: str) -> Callable[[Request], Awaitable[Any]]:
    """Return a dependency that gives routes what the lifespan has yielded under `name`."""

    async def dependency(request: Request) -> Any:
        return getattr(request.state, name)

    return dependency
