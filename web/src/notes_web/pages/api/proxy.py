"""/api/v1 for programs: a personal API token in, the answers of notes-service out.

Each request trades its token at users-service for an access token of five minutes, so a revoked
one is refused at once, and its scopes are in what notes-service sees. Cookies count for nothing
here, which is why no form token is asked for. Bodies stream both ways.
"""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from service_kit.asgi import problem
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from notes_web.clients.account import Credentials
from notes_web.clients.http import Refused
from notes_web.clients.users_types import TokenOut
from notes_web.request_context import Site, client_of

router = APIRouter(prefix="/api/v1")

# How the tokens of users-service begin: a session's secret is none, and stays in its cookie.
MARK = "notes_"
_SENT = (
    "content-type",
    "content-length",
    "accept",
    "if-match",
    "if-none-match",
    "idempotency-key",
)
_ANSWERED = (
    "allow",
    "content-type",
    "content-length",
    "etag",
    "location",
    "retry-after",
    "cache-control",
)
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]


@router.api_route("/notes{rest:path}", methods=_METHODS)
@router.api_route("/titles", methods=["GET", "HEAD"])
@router.api_route("/trash", methods=["GET", "HEAD"])
@router.api_route("/preview", methods=["POST"])
async def notes(request: Request) -> Response:
    """Forwards a request about notes with an access token in place of the API token."""
    try:
        granted = await _access(request, "notes")
    except Refused as refusal:
        return _refused(refusal)
    if {".", ".."} & set(request.url.path.split("/")):
        # On its way this would become another address.
        raise HTTPException(404)
    site: Site = request.state.site
    raw = request.scope["raw_path"].partition(b"?")[0].decode("ascii")
    target = raw.removeprefix("/api")
    answer = await site.notes.forward(
        request.method,
        f"{target}?{request.url.query}" if request.url.query else target,
        token=granted["token"],
        headers=_picked(request.headers, _SENT),
        body=_body(request),
    )
    headers = _picked(answer.headers, _ANSWERED)
    if headers.get("location", "").startswith("/v1/"):
        headers["location"] = "/api" + headers["location"]
    return StreamingResponse(
        answer.aiter_raw(),
        status_code=answer.status_code,
        headers=headers,
        background=BackgroundTask(answer.aclose),
    )


@router.post("/connection-token")
async def connection_token(request: Request) -> Response:
    """What the official clients of the gateway ask for, to follow changes."""
    try:
        granted = await _access(request, "realtime")
    except Refused as refusal:
        return _refused(refusal)
    return JSONResponse({"token": granted["token"], "expires_at": granted["expires_at"]})


async def _access(request: Request, audience: str) -> TokenOut:
    site: Site = request.state.site
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip().startswith(MARK):
        raise Refused(
            401, "unauthenticated", "a personal API token is required: Authorization: Bearer"
        )
    return await site.own_account.trade(
        Credentials(secret.strip(), client_of(request)), audience
    )


def _refused(refusal: Refused) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {}
    if refusal.retry_after:
        headers["Retry-After"] = refusal.retry_after
    return problem(refusal.status, refusal.code, refusal.detail, headers=headers)


def _picked(headers: Any, names: tuple[str, ...]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}


def _body(request: Request) -> AsyncIterator[bytes] | None:
    has_one = "content-length" in request.headers or "transfer-encoding" in request.headers
    return request.stream() if has_one else None
