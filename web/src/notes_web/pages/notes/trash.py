"""Deleting a note, the trash, and restoring from it."""

import secrets

from fastapi import APIRouter
from starlette.responses import Response

from notes_web.clients.http import Refused
from notes_web.pages.notes import view
from notes_web.request_context import CurrentContext, Message, RequestContext
from notes_web.token_retry import TokenRetryRoute

SPENT = "You have reached the daily limit of what one person can save, so nothing was restored."

router = APIRouter(route_class=TokenRetryRoute)


@router.get("/notes/{key}/delete")
async def confirm(context: CurrentContext, key: str) -> Response:
    """Asks before a note is deleted."""
    _ = context.writer
    note = await context.site.notes.read(context.token, key)
    return context.render("delete.html", note=note)


@router.post("/notes/{key}/delete")
async def delete(context: CurrentContext, key: str) -> Response:
    """Moves the note to the trash, if its version is the one that was shown."""
    title = context.field("called")
    try:
        await context.site.notes.delete(context.token, key, version=context.version)
    except Refused as refusal:
        if refusal.status == 412:
            # Someone else saved this first: the person decides again, about what is there now.
            facts, notes = refusal.facts, context.site.notes
            current = facts.get("current") or await notes.read(context.token, key)
            return context.render("delete.html", status=409, note=current, changed=True)
        if not _did_so_before(context, refusal):
            raise
    gone = Message(f"“{title or key}” was moved to the trash.", undo=key)
    return context.redirect("/", message=gone)


def _did_so_before(context: RequestContext, refusal: Refused) -> bool:
    """The same person deleted it: an earlier try of this, whose answer was lost."""
    by = refusal.facts.get("by") or {}
    return (
        refusal.status == 410 and context.account is not None and by["id"] == context.account.id
    )


@router.get("/trash")
async def trash(context: CurrentContext, cursor: str = "") -> Response:
    """Shows a page of the trash."""
    found = await context.site.notes.trash(context.token, cursor=cursor[:500])
    return context.render("trash.html", notes=found["notes"], next=found["next"])


@router.post("/notes/{key}/restore")
async def restore(context: CurrentContext, key: str) -> Response:
    """Restores a note from the trash."""
    try:
        once = secrets.token_urlsafe(32)  # of this request: web may have to ask again
        note = await context.site.notes.restore(context.token, key, once=once)
    except Refused as refusal:
        if refusal.code == "quota_spent":
            return context.redirect("/trash", message=Message(SPENT, tone="error"))
        if refusal.code != "note_exists":
            raise
        taken = f"Another note has the address “{key}” now, so this one stays in the trash."
        return context.redirect("/trash", message=Message(taken, tone="error"))
    back = Message(f"“{note['title']}” was restored.")
    return context.redirect(view.path(key), message=back)
