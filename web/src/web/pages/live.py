"""What islands ask for: state after a gap (with the position read before it), and tokens."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from web.backends import Position
from web.pages import listing, note
from web.renewing import RenewingRoute
from web.service import Refused, Unreachable
from web.visit import CurrentVisit

router = APIRouter(prefix="/live", route_class=RenewingRoute)


def _known(position: Position | None) -> dict[str, Any]:
    """An island that resumes from nowhere would miss changes: it tries again instead."""
    if position is None:
        raise Unreachable("realtime-gateway", "no position")
    return asdict(position)


@router.get("/home")
async def home(visit: CurrentVisit, q: str = "", cursor: str = "", mine: str = "") -> Response:
    found = await listing.rows(visit, q=q, cursor=cursor, mine=bool(mine))
    found["position"] = _known(found["position"])
    return JSONResponse(found)


@router.get("/notes/{key}")
async def one(visit: CurrentVisit, key: str, before: str = "") -> Response:
    found = await note.state(visit, key, before=before)
    found["position"] = _known(found["position"])
    return JSONResponse(found)


@router.get("/notes/{key}/comments")
async def earlier(visit: CurrentVisit, key: str, before: str = "") -> Response:
    return JSONResponse(
        await visit.site.notes.comments(visit.visitor.token, key, before=before)
    )


@router.get("/notes/{key}/present")
async def present(visit: CurrentVisit, key: str) -> Response:
    """Who has the note open, for people who are signed in; guests are not told names."""
    _ = visit.token
    company = await visit.site.company.at(key)
    return JSONResponse(company.seen_by(visit.account.id if visit.account else ""))


@router.get("/reach")
async def reach() -> Response:
    """Answered by this process alone: would a form arrive?"""
    return Response(status_code=204)


@router.post("/token")
async def token(visit: CurrentVisit) -> Response:
    """An access token for the socket; 204 for somebody who is not signed in."""
    if not visit.session:
        return Response(status_code=204)
    try:
        granted = await visit.site.users.token(visit.session, "realtime")
    except Refused as refusal:
        if refusal.status != 401:
            raise
        return Response(status_code=204)
    return JSONResponse({"token": granted["token"]})
