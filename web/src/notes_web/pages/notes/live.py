"""What islands ask for: state after a gap (with the position read before it), and tokens."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from notes_web.clients.gateway import Position
from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.notes import listing, view
from notes_web.request_context import CurrentContext
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(prefix="/live", route_class=TokenRetryRoute)


def known(position: Position | None) -> dict[str, Any]:
    """An island that resumes from nowhere would miss changes: it tries again instead."""
    if position is None:
        raise Unreachable("realtime-gateway", "no position")
    return asdict(position)


@router.get("/home")
async def home(
    context: CurrentContext, q: str = "", cursor: str = "", mine: str = "", sort: str = ""
) -> Response:
    """Answers with the list as JSON; 503 while the channel's position is unknown."""
    found = await listing.rows(context, q=q, cursor=cursor, mine=bool(mine), sort=sort)
    return JSONResponse({**found, "position": known(found["position"])})


@router.get("/titles")
async def titles(context: CurrentContext, q: str = "") -> Response:
    """Answers with the notes that a few letters of a title may mean, as JSON."""
    return JSONResponse(await context.site.notes.titles(context.principal.token, q))


@router.get("/notes/{key}")
async def one(context: CurrentContext, key: str, before: str = "") -> Response:
    """Answers with the note and its comments as JSON; 503 while the position is unknown."""
    found = await view.state(context, key, before=before)
    return JSONResponse({**found, "position": known(found["position"])})


@router.get("/notes/{key}/comments")
async def earlier(context: CurrentContext, key: str, before: str = "") -> Response:
    """Answers with comments before a cursor, as JSON."""
    return JSONResponse(
        await context.site.notes.comments(context.principal.token, key, before=before)
    )


@router.get("/notes/{key}/present")
async def present(context: CurrentContext, key: str) -> Response:
    """Who has the note open, for people who are signed in; guests are not told names."""
    _ = context.token
    present = await context.site.presence.at(key)
    return JSONResponse(present.as_seen_by(context.account.id if context.account else ""))


@router.get("/reach")
async def reach() -> Response:
    """Tells an island that a form would arrive: this process alone answers."""
    return Response(status_code=204)


@router.post("/token")
async def token(context: CurrentContext) -> Response:
    """An access token for the socket; 204 for somebody who is not signed in."""
    if not context.session:
        return Response(status_code=204)
    try:
        granted = await context.site.users.token(context.session, "realtime")
    except Refused as refusal:
        if refusal.status != 401:
            raise
        return Response(status_code=204)
    return JSONResponse({"token": granted["token"]})
