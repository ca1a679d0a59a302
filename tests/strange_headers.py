"""Every route of an application, asked with headers of bytes that no text is made of."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
from fastapi import FastAPI

BEYOND = bytes(range(128, 256))
CONTROLS = bytes(each for each in range(1, 32) if each not in b"\r\n") + b"\x7f"
VALUES = {
    "beyond ASCII": BEYOND,
    "one letter": "Zoë".encode(),
    "half a letter": b"\xc3",
    "control bytes": b"a" + CONTROLS + b"b",
    "escape": b"\x1b[2J\x1b]0;pwned\x07",
    "spaces": b" \t ",
    "nothing": b"",
}
HEADERS: dict[str, bytes] = {
    "user-agent": b"%s",
    "accept": b"%s",
    "accept-encoding": b"%s",
    "accept-language": b"%s",
    "content-type": b"%s",
    "content-type of a form": b"multipart/form-data; boundary=%s",
    "host": b"%s",
    "origin": b"%s",
    "referer": b"%s",
    "range": b"bytes=%s",
    "if-match": b'"%s"',
    "if-none-match": b'"%s"',
    "if-modified-since": b"%s",
    "idempotency-key": b"%s",
    "authorization": b"%s",
    "authorization as bearer": b"Bearer %s",
    "authorization as token": b"Bearer notes_%s",
    "authorization as key": b"Basic %s",
    "x-api-key": b"%s:%s",
    "x-request-id": b"%s",
    "x-form-token": b"%s",
    "x-forwarded-for": b"%s",
    "x-forwarded-user-agent": b"%s",
    "sec-fetch-site": b"%s",
}
_LEGAL = re.compile(
    rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?"
)


def strange(header: str, value: bytes) -> tuple[bytes, bytes]:
    form = HEADERS[header]
    return header.partition(" ")[0].encode(), form.replace(b"%s", value)


def addresses(app: FastAPI, **filled: str) -> Iterator[tuple[str, str]]:
    """A method and an address of each route; what is not `filled` is "x"."""

    def fill(found: re.Match[str]) -> str:
        return filled.get(found[1], "x")

    for route in routes_of(app.routes):
        path = re.sub(r"\{(\w+)(?::\w+)?\}", fill, route.path)
        for method in sorted(getattr(route, "methods", None) or {"GET"}):
            if method != "HEAD":
                yield method, path


def routes_of(routes: Iterable[Any]) -> Iterator[Any]:
    for route in routes:
        included = getattr(route, "effective_route_contexts", None)
        if included is None:
            yield route
        else:
            yield from included()


class Wire(httpx.AsyncBaseTransport):
    """In front of a fake: refuses headers that a real connection cannot carry."""

    def __init__(self, behind: httpx.AsyncBaseTransport) -> None:
        self._behind = behind

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for name, value in request.headers.raw:
            assert _LEGAL.fullmatch(value), (name, value)
        return await self._behind.handle_async_request(request)


TOGETHER = (
    "user-agent",
    "accept-encoding",
    "accept-language",
    "referer",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "idempotency-key",
    "x-request-id",
    "x-api-key",
    "x-forwarded-for",
    "x-forwarded-user-agent",
)
"""None of these decides alone how far a request comes, so they are sent at once."""


def sets_of(value: bytes) -> dict[str, list[tuple[bytes, bytes]]]:
    """Headers to ask with: those that go together, and each of the others by itself."""
    alone = {header: [strange(header, value)] for header in HEADERS if header not in TOGETHER}
    return {"together": [strange(header, value) for header in TOGETHER], **alone}


async def failures(
    client: httpx.AsyncClient,
    asked: Iterable[tuple[str, str]],
    *,
    usual: dict[str, str],
    sent: list[tuple[bytes, bytes]],
) -> list[tuple[str, str, int]]:
    """Those of the addresses that answer with a status of 500 and above. What is `sent` stands
    in place of the `usual` headers of that name.
    """
    names = {name for name, _ in sent}
    kept = [(name.lower().encode(), text.encode()) for name, text in usual.items()]
    headers = [pair for pair in kept if pair[0] not in names] + sent
    found = []
    for method, path in asked:
        answer = await client.request(method, path, headers=headers)
        if answer.status_code >= 500:
            found.append((method, path, answer.status_code))
    return found
