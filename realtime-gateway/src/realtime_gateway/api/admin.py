"""The status page: what this gateway is doing, for who knows its password. Off by default.

HTTP Basic, any user name. Guesses are checked one after the other with a pause after a wrong
one, so they are few and cost little. What changes something needs a header that no foreign page
can send without being asked for it first (CORS), and nothing here answers such a question.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import Metric
from prometheus_client.registry import Collector

from realtime_gateway.api.methods import Methods
from realtime_gateway.api.refused import Refused, error_json
from realtime_gateway.config import passwords
from realtime_gateway.config.options import AdminOptions
from realtime_gateway.protocol.fields import Malformed, loads

METHODS: Final = ("publish", "history", "presence", "channels", "info")
HEADER: Final = "x-admin"
WRONG_PAUSE: Final = 0.5
WAITING_LIMIT: Final = 8

_FILES: Final = {
    "": ("index.html", "text/html; charset=utf-8"),
    "/admin.css": ("admin.css", "text/css; charset=utf-8"),
    "/admin.js": ("admin.js", "text/javascript; charset=utf-8"),
}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ASK: Final = {"WWW-Authenticate": 'Basic realm="gateway", charset="UTF-8"', **_HEADERS}


class Admin:
    """The status page and what its script calls, behind a password."""

    def __init__(self, methods: Methods, options: AdminOptions, numbers: Collector) -> None:
        self._methods = methods
        self._options = options
        self._numbers = numbers
        self._checking = asyncio.Lock()
        self._waiting = 0
        self._known = b""
        """The digest of the last credentials that were right."""

    def router(self) -> APIRouter:
        """The routes under `admin.handler_prefix`, for FastAPI to include."""
        prefix = self._options.handler_prefix
        router = APIRouter(prefix=prefix, include_in_schema=False)
        for path, (name, kind) in _FILES.items():
            content = files("realtime_gateway.api").joinpath("admin_page", name).read_bytes()
            content = content.replace(b"/admin/", f"{prefix}/".encode())
            router.add_api_route(path, self._file(content, kind), methods=["GET"])
        router.add_api_route("/state", self.state, methods=["GET"])
        router.add_api_route("/api/{method}", self.call, methods=["POST"])
        return router

    async def state(self, request: Request) -> Response:
        """All of the gateway's metrics, as one object."""
        await self._admit(request)
        return _json(json.dumps(dict(_samples(self._numbers.collect()))).encode())

    async def call(self, request: Request, method: str) -> Response:
        """A method of the server API."""
        await self._admit(request)
        if method not in METHODS or HEADER not in request.headers:
            raise HTTPException(403, "not from here")
        try:
            given = loads(await request.body() or b"{}")
            return _json(b'{"result":%s}' % await self._methods.call(method, given))
        except Refused as refused:
            return _json(b'{"error":%s}' % error_json(refused.error))
        except Malformed as error:
            raise HTTPException(400, f"the body is {error}") from error

    def _file(self, content: bytes, kind: str) -> Any:
        async def endpoint(request: Request) -> Response:
            await self._admit(request)
            return Response(content, media_type=kind, headers=_HEADERS)

        return endpoint

    async def _admit(self, request: Request) -> None:
        password = _password(request.headers.get("authorization", ""))
        if password is None:
            raise HTTPException(401, "the password, please", headers=_ASK)
        digest = hashlib.sha256(password.encode()).digest()
        if self._known and secrets.compare_digest(digest, self._known):
            return
        if self._waiting >= WAITING_LIMIT:
            raise HTTPException(429, "too many guesses", headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            async with self._checking:
                if not await asyncio.to_thread(self._is_right, password):
                    await asyncio.sleep(WRONG_PAUSE)
                    raise HTTPException(401, "a wrong password", headers=_ASK)
        finally:
            self._waiting -= 1
        self._known = digest

    def _is_right(self, password: str) -> bool:
        if self._options.password_hash:
            return passwords.matches(password, self._options.password_hash)
        return secrets.compare_digest(password.encode(), self._options.password.encode())


def _password(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    try:
        credentials = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return credentials.partition(":")[2] if scheme.lower() == "basic" else None


def _samples(metrics: Iterable[Metric]) -> Iterable[tuple[str, float]]:
    for metric in metrics:
        if metric.name.startswith("gateway_"):
            for sample in metric.samples:
                label = ",".join(sample.labels.values())
                yield f"{sample.name}{{{label}}}" if label else sample.name, sample.value


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json", headers=_HEADERS)
