"""The list of notes: the home page, the column beside a note, and its state for the island.

The channel's position is read before the rows, so the island that subscribes from it misses
nothing; rows that are newer than the position only come twice.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypedDict, TypeVar, cast

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.gateway import Position
from notes_web.clients.http import BackendError, Refused
from notes_web.clients.notes_types import FoundSummaryOut
from notes_web.request_context import CurrentContext, RequestContext
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(route_class=TokenRetryRoute)

CHANNEL = "home"
SORTS = ("changed", "created", "title")

_A = TypeVar("_A")
_B = TypeVar("_B")


class Listing(TypedDict):
    """A part of the list of notes; `position` is from before it was read."""

    notes: list[FoundSummaryOut]
    total: int | None
    next: str | None
    q: str
    mine: bool
    sort: str
    cursor: str
    is_top: bool
    position: Position | None


async def rows(
    context: RequestContext,
    *,
    q: str = "",
    cursor: str = "",
    mine: bool = False,
    sort: str = "",
) -> Listing:
    """The facts of the list, as templates and islands want them."""
    order = sort if sort in SORTS and not q else SORTS[0]
    position = await context.site.gateway.position(CHANNEL)
    token = context.principal.token
    found = await context.site.notes.page(token, q=q, cursor=cursor, mine=mine, sort=order)
    return {
        "notes": [_with_passage(note) for note in found["notes"]],
        "total": found.get("total"),
        "next": found["next"],
        "q": q,
        "mine": mine,
        "sort": order,
        "cursor": cursor,
        # Only the top of the whole list takes new rows; a search or a later page does not, nor
        # a list by title: where a title belongs, the database says.
        "is_top": not (q or cursor or mine or order == "title"),
        "position": position,
    }


def _with_passage(note: FoundSummaryOut) -> FoundSummaryOut:
    """A note that was looked for shows where it says so, and not how it begins."""
    found = note.get("found")
    if not found or not found["passage"]:
        return note
    return {**note, "excerpt": "".join(piece["text"] for piece in found["passage"])}


async def beside(context: RequestContext) -> Listing | None:
    """The list next to a note; None when it cannot be had, for the note still can."""
    try:
        return await rows(context)
    except BackendError:
        return None


@router.get("/")
async def home(
    context: CurrentContext, q: str = "", cursor: str = "", mine: str = "", sort: str = ""
) -> Response:
    """Shows the list of notes, or what was found."""
    asked: dict[str, Any] = {
        "q": q.strip(),
        "cursor": cursor[:500],
        "mine": bool(mine),
        "sort": sort,
    }
    if asked["mine"]:
        _ = context.token
    try:
        listing = await rows(context, **asked)
    except Refused as refusal:
        context.ask_to_sign_in(refusal)
        if asked["cursor"] and refusal.status in (400, 422):
            return context.redirect("/")
        raise
    return context.render("home.html", listing=listing)


async def both(first: Awaitable[_A], second: Awaitable[_B]) -> tuple[_A, _B]:
    """Two awaitables at once; the first failure is raised after both have ended."""
    results = await asyncio.gather(first, second, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return cast("tuple[_A, _B]", tuple(results))
