"""One HTTP service behind the pages: pooled, with a timeout, and failures in two kinds.

Every call ends in one of three ways: its JSON, `Refused` (the service said no, with its stable
code and facts), or `Unreachable` (no answer, or a 5xx one; it knows whether what was asked for
may be done all the same). A caller that shows a page never
sees an httpx error. A service that is coming back is waited for, as `waiting` says.
"""

import logging
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from service_kit.logs import area, request_id

from notes_web.clients.retry import NEVER_ARRIVED, Retries

log = logging.getLogger(__name__)
debug = area("notes:clients")

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# On their way these would be left out, and the address one of something else.
_NO_NAMES = frozenset({"", ".", ".."})


class BackendError(Exception):
    """A page could not get what it asked for."""


@dataclass
class Refused(BackendError):
    """The service answered 4xx; `facts` are the other fields of its problem document."""

    status: int
    code: str
    detail: str
    facts: dict[str, Any] = field(default_factory=dict)
    retry_after: str | None = None

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.detail}"


@dataclass
class Unreachable(BackendError):
    """The service did not answer, or answered 5xx or something that is not JSON."""

    service: str
    why: str
    may_be_done: bool = False
    """A change was asked for, and arrived, or may have: nobody knows what became of it."""

    def __str__(self) -> str:
        return f"{self.service} did not answer: {self.why}"


@dataclass(frozen=True, slots=True)
class Client:
    """The address of a browser, for rate limits and audit lines at users-service."""

    address: str
    user_agent: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell users-service who asks; it believes them with our API key."""
        return {
            "X-Forwarded-For": self.address,
            "X-Forwarded-User-Agent": self.user_agent[:256],
        }


class _Tries:
    """One request, sent as often as it takes."""

    def __init__(self, http: httpx.AsyncClient, request: httpx.Request) -> None:
        self._http, self._request = http, request
        self.may_have_arrived = False

    async def send(self) -> httpx.Response:
        try:
            response = await self._http.send(self._request)
        except NEVER_ARRIVED:
            raise
        except httpx.HTTPError:
            self.may_have_arrived = True
            raise
        self.may_have_arrived = True
        return response


class HttpClient:
    """Calls one service; `name` is what errors and logs call it."""

    def __init__(self, name: str, http: httpx.AsyncClient) -> None:
        self.name, self._http = name, http
        self._waiting = Retries()

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        repeatable: bool = False,
        is_patient: bool = True,
        changes: bool = True,
    ) -> Any:
        """Returns the answer's JSON, None if there is none; raises `Refused` or `Unreachable`.

        `repeatable`: asking twice changes no more than asking once; a GET always is, and so
        is what carries an Idempotency-Key. `is_patient`: worth waiting for. `changes`: false
        where a POST only asks.
        """
        if _NO_NAMES & set(path.split("/")[1:]):
            raise Refused(404, "not_found", "there is nothing at this address")
        sent = {"X-Request-Id": request_id.get(), **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        request = self._http.build_request(
            method, path, headers=_on_the_wire(sent), json=json, params=_given(params)
        )
        is_safe = repeatable or method == "GET" or "Idempotency-Key" in sent
        tries = _Tries(self._http, request)
        try:
            response = await self._waiting.ask(
                tries.send, repeatable=is_safe, is_patient=is_patient
            )
            debug.debug("%s: %s %s: %d", self.name, method, path, response.status_code)
            return self._read(response)
        except httpx.HTTPError as error:
            log.warning("%s: %s %s: %r", self.name, method, path, error)
            unreachable = Unreachable(self.name, type(error).__name__)
            unreachable.may_be_done = changes and method != "GET" and tries.may_have_arrived
            raise unreachable from error
        except Unreachable as unreachable:
            unreachable.may_be_done = changes and method != "GET"
            raise

    async def forward(
        self,
        method: str,
        target: str,
        *,
        token: str,
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | None,
    ) -> httpx.Response:
        """The answer as it comes, whatever its status; the caller reads and closes it."""
        sent = {"X-Request-Id": request_id.get(), "Authorization": f"Bearer {token}", **headers}
        # As it comes also means: packed only if whoever asked can unpack it.
        sent.setdefault("Accept-Encoding", "identity")
        request = self._http.build_request(
            method, target, headers=_on_the_wire(sent), content=body
        )
        # A body that streams is gone after one try: whoever sent it holds the key to repeat it.
        is_safe = method in ("GET", "HEAD") and body is None
        try:
            return await self._waiting.ask(
                lambda: self._http.send(request, stream=True), repeatable=is_safe
            )
        except httpx.HTTPError as error:
            log.warning("%s: %s: %r", self.name, method, error)
            raise Unreachable(self.name, type(error).__name__) from error

    def _read(self, response: httpx.Response) -> Any:
        if response.status_code >= 500:
            log.warning("%s answered %d", self.name, response.status_code)
            raise Unreachable(self.name, f"status {response.status_code}")
        try:
            body = response.json() if response.content else None
        except ValueError as error:
            raise Unreachable(self.name, "not JSON") from error
        if response.status_code >= 400:
            raise _refusal(response, body if isinstance(body, dict) else {})
        return body


def _on_the_wire(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As a connection can carry them, whatever a browser sent in what goes along.

    A server reads bytes beyond ASCII as Latin-1, and they go on as they came. Control bytes
    would end a header or a connection: each becomes a question mark (RFC 9110, 5.5).
    """
    return [
        (name.encode(), _CONTROL.sub(b"?", value.encode("latin-1", "replace")).strip(b" \t"))
        for name, value in headers.items()
    ]


def _given(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in params.items() if value} if params else None


def _refusal(response: httpx.Response, problem: dict[str, Any]) -> Refused:
    known = {"type", "title", "status", "code", "detail", "instance"}
    return Refused(
        status=response.status_code,
        code=str(problem.get("code", "refused")),
        detail=str(problem.get("detail", "")),
        facts={name: value for name, value in problem.items() if name not in known},
        retry_after=response.headers.get("Retry-After"),
    )
