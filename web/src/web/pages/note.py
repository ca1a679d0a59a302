"""One note and what is said about it: the page, deleting, the trash, bringing back."""

import secrets
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from web.pages import listing
from web.pages.listing import both
from web.renewing import RenewingRoute
from web.service import Refused
from web.visit import CurrentVisit, Message, SignInNeeded, Visit

router = APIRouter(route_class=RenewingRoute)


def path(key: str, *more: str) -> str:
    return "/".join(["/notes", quote(key, safe=""), *more])


def channel(key: str) -> str:
    return f"notes:{key}"


async def state(visit: Visit, key: str, *, before: str = "") -> dict[str, Any]:
    """The note, its comments, and the channel's position read before both.

    Only a note that is there has a position: asking for one leaves something in Redis.
    """
    notes, token = visit.site.notes, visit.visitor.token
    await notes.read(token, key)
    position = await visit.site.gateway.position(channel(key))
    note, comments = await both(
        notes.read(token, key), notes.comments(token, key, before=before)
    )
    return {"note": note, "comments": comments, "position": position, "before": before}


@router.get("/notes/{key}")
async def view(visit: CurrentVisit, key: str, before: str = "") -> Response:
    return await shown(visit, key, before=before)


async def shown(
    visit: Visit, key: str, *, status: int = 200, before: str = "", **facts: Any
) -> Response:
    """The note's page; `facts` bring back a comment that could not be sent."""
    try:
        found, beside = await both(state(visit, key, before=before), listing.beside(visit))
    except Refused as refusal:
        if refusal.status == 401 and visit.account is None:
            raise SignInNeeded from refusal
        raise
    page = {"listing": beside, "text": "", "once": "", "errors": {}} | found | facts
    return visit.render("note.html", status=status, **page)


@router.get("/notes/{key}/delete")
async def confirm(visit: CurrentVisit, key: str) -> Response:
    _ = visit.writer
    note = await visit.site.notes.read(visit.token, key)
    return visit.render("delete.html", note=note)


@router.post("/notes/{key}/delete")
async def delete(visit: CurrentVisit, key: str) -> Response:
    title = visit.field("called")
    try:
        await visit.site.notes.delete(visit.token, key, version=visit.version)
    except Refused as refusal:
        if refusal.status == 412:
            # Someone else saved this first: the person decides again, about what is there now.
            facts, notes = refusal.facts, visit.site.notes
            current = facts.get("current") or await notes.read(visit.token, key)
            return visit.render("delete.html", status=409, note=current, changed=True)
        if not _did_so_before(visit, refusal):
            raise
    gone = Message(f"“{title or key}” was moved to the trash.", undo=key)
    return visit.see("/", message=gone)


def _did_so_before(visit: Visit, refusal: Refused) -> bool:
    """The same person deleted it: an earlier try of this, whose answer was lost."""
    by = refusal.facts.get("by") or {}
    return refusal.status == 410 and visit.account is not None and by["id"] == visit.account.id


@router.get("/trash")
async def trash(visit: CurrentVisit, cursor: str = "") -> Response:
    found = await visit.site.notes.trash(visit.token, cursor=cursor[:500])
    return visit.render("trash.html", notes=found["notes"], next=found["next"])


@router.post("/notes/{key}/restore")
async def restore(visit: CurrentVisit, key: str) -> Response:
    try:
        once = secrets.token_urlsafe(32)  # of this request: web may have to ask again
        note = await visit.site.notes.restore(visit.token, key, once=once)
    except Refused as refusal:
        if refusal.code != "note_exists":
            raise
        taken = f"Another note has the address “{key}” now, so this one stays in the trash."
        return visit.see("/trash", message=Message(taken, tone="error"))
    back = Message(f"“{note['title']}” was restored.")
    return visit.see(path(key), message=back)
