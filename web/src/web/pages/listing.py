"""The list of notes: the home page, the column beside a note, and its state for the island.

The channel's position is read before the rows, so the island that subscribes from it misses
nothing; rows that are newer than the position only come twice.
"""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.renewing import RenewingRoute
from web.service import BackendError, Refused
from web.visit import CurrentVisit, SignInNeeded, Visit

router = APIRouter(route_class=RenewingRoute)

CHANNEL = "home"


async def rows(visit: Visit, *, q: str = "", cursor: str = "", mine: bool = False) -> Any:
    """The facts of the list, as templates and islands want them."""
    position = await visit.site.gateway.position(CHANNEL)
    token = visit.visitor.token
    found = await visit.site.notes.page(token, q=q, cursor=cursor, mine=mine)
    return {
        "notes": [_with_passage(note) for note in found["notes"]],
        "total": found.get("total"),
        "next": found["next"],
        "q": q,
        "mine": mine,
        "cursor": cursor,
        # Only the top of the whole list takes new rows; a search or a later page does not.
        "is_top": not (q or cursor or mine),
        "position": position,
    }


def _with_passage(note: dict[str, Any]) -> dict[str, Any]:
    """A note that was looked for shows where it says so, and not how it begins."""
    passage = (note.get("found") or {}).get("passage")
    return note | {"excerpt": "".join(each["text"] for each in passage)} if passage else note


async def beside(visit: Visit) -> Any:
    """The list next to a note; None when it cannot be had, for the note still can."""
    try:
        return await rows(visit)
    except BackendError:
        return None


@router.get("/")
async def home(visit: CurrentVisit, q: str = "", cursor: str = "", mine: str = "") -> Response:
    asked: dict[str, Any] = {
        "q": q.strip(),
        "cursor": cursor[:500],
        "mine": bool(mine),
    }
    if asked["mine"]:
        _ = visit.token
    try:
        listing = await rows(visit, **asked)
    except Refused as refusal:
        if refusal.status == 401 and visit.account is None:
            raise SignInNeeded from refusal
        if asked["cursor"] and refusal.status in (400, 422):
            return visit.see("/")
        raise
    return visit.render("home.html", listing=listing)


async def both(first: Any, second: Any) -> tuple[Any, Any]:
    """Two awaitables at once; the first failure is raised after both have ended."""
    results = await asyncio.gather(first, second, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results[0], results[1]
