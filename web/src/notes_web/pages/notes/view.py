"""One note and its comments: the page, and the state that its island asks for."""

from typing import Any, TypedDict
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.gateway import Position
from notes_web.clients.http import Refused
from notes_web.clients.notes_types import CommentsOut, NoteOut
from notes_web.pages.notes import listing
from notes_web.pages.notes.listing import both
from notes_web.request_context import CurrentContext, RequestContext
from notes_web.text.outline import outline
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(route_class=TokenRetryRoute)


def path(key: str, *more: str) -> str:
    """Returns the note's address, or that of a page below it."""
    return "/".join(["/notes", quote(key, safe=""), *more])


def channel(key: str) -> str:
    """Returns the name of the note's channel."""
    return f"notes:{key}"


class NoteState(TypedDict):
    """A note and a part of its comments; `position` is from before both were read."""

    note: NoteOut
    comments: CommentsOut
    position: Position | None
    before: str


async def state(context: RequestContext, key: str, *, before: str = "") -> NoteState:
    """The note, its comments, and the channel's position read before both.

    Only a note that is there has a position: asking for one leaves something in Redis.
    """
    notes, token = context.site.notes, context.principal.token
    await notes.read(token, key)
    position = await context.site.gateway.position(channel(key))
    note, comments = await both(
        notes.read(token, key), notes.comments(token, key, before=before)
    )
    return {"note": note, "comments": comments, "position": position, "before": before}


@router.get("/notes/{key}")
async def view(context: CurrentContext, key: str, before: str = "") -> Response:
    """Shows the note and its newest comments."""
    return await shown(context, key, before=before)


async def shown(
    context: RequestContext, key: str, *, status: int = 200, before: str = "", **facts: Any
) -> Response:
    """The note's page; `facts` bring back a comment that could not be sent."""
    try:
        found, beside = await both(state(context, key, before=before), listing.beside(context))
    except Refused as refusal:
        context.ask_to_sign_in(refusal)
        raise
    page: dict[str, Any] = (
        {"listing": beside, "text": "", "once": "", "errors": {}} | found | facts
    )
    page["outline"] = outline(found["note"]["html"])
    return context.render("note.html", status=status, **page)
