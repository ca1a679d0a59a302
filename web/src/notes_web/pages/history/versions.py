"""The list of a note's versions, and the state that its island asks for."""

from typing import TypedDict
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from notes_web.clients.gateway import Position
from notes_web.clients.http import Refused
from notes_web.clients.notes_types import NoteOut
from notes_web.pages.history import stored, words
from notes_web.pages.history.words import VersionRow
from notes_web.pages.notes import view
from notes_web.pages.notes.live import known
from notes_web.request_context import CurrentContext, RequestContext
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(route_class=TokenRetryRoute)


class History(TypedDict):
    """A page of a note's versions; `position` is from before it was read."""

    note: NoteOut
    versions: list[VersionRow]
    next: str | None
    position: Position | None


async def state(context: RequestContext, key: str, *, cursor: str = "") -> History:
    """The versions, and the position of the note's channel read before them."""
    notes, token = context.site.notes, context.principal.token
    note = await notes.read(token, key)
    position = await context.site.gateway.position(view.channel(key))
    found = await notes.versions(token, key, cursor=cursor)
    return {
        "note": note,
        "versions": [words.row(each) for each in found["versions"]],
        "next": found["next"],
        "position": position,
    }


@router.get("/notes/{key}/history")
async def history(context: CurrentContext, key: str, cursor: str = "") -> Response:
    """Shows a page of the note's versions, newest first."""
    try:
        found = await state(context, key, cursor=cursor[:500])
    except Refused as refusal:
        context.ask_to_sign_in(refusal)
        if cursor and refusal.status in (400, 422):
            return context.redirect(view.path(key, "history"))
        raise
    return context.render("history.html", cursor=cursor, **found)


@router.get("/notes/{key}/history/compare")
async def choose(
    context: CurrentContext, key: str, version: str = "", old: str = ""
) -> Response:
    """Leads from the two that were chosen in the list to their comparison."""
    _ = context
    number, other = stored.number(version), stored.number(old)
    if number is None:
        return context.redirect(view.path(key, "history"))
    target = view.path(key, "history", str(number))
    return context.redirect(
        f"{target}?{urlencode({'with': other})}" if other and other != number else target
    )


@router.get("/live/notes/{key}/history")
async def live(context: CurrentContext, key: str) -> Response:
    """Answers with the newest versions as JSON; 503 while the position is unknown."""
    found = await state(context, key)
    told = {"versions": found["versions"], "next": found["next"]}
    at = {"position": known(found["position"]), "created_at": found["note"]["created_at"]}
    return JSONResponse({**told, **at})
