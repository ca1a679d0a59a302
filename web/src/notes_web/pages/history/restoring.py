"""Bringing an earlier version back, a save like any other; and deleting one for good."""

from fastapi import APIRouter
from starlette.responses import Response

from notes_web import idempotency
from notes_web.clients.http import BackendError, Refused
from notes_web.clients.notes_types import NoteOut
from notes_web.pages.history import stored, version
from notes_web.pages.notes import view
from notes_web.request_context import CurrentContext, Message, RequestContext
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(prefix="/notes/{key}/history/{n}", route_class=TokenRetryRoute)

SPENT = "You have reached the daily limit of what one person can save, so nothing was restored."
IS_CURRENT = "That is the note’s current text. Save another one before you delete this version."


@router.post("/restore")
async def restore(context: CurrentContext, key: str, n: str) -> Response:
    """Saves the version's text over the one that the page showed."""
    number, over = stored.demanded(n), context.version
    once = idempotency.key(context.field("once"), "restore", key, number, over)
    try:
        note = await context.site.notes.restore_version(
            context.token, key, number, version=over, once=once
        )
    except Refused as refusal:
        if refusal.code == "version_conflict":
            return await version.shown(context, key, number, status=409, problem="changed")
        if refusal.code == "quota_spent":
            return await version.shown(context, key, number, status=429, problem=SPENT)
        raise
    undo = await _before(context, note, over)
    told = Message(f"Version {number} restored.", undo=key if undo else None, restore=undo)
    return context.redirect(view.path(key), message=told)


async def _before(context: RequestContext, note: NoteOut, over: int) -> tuple[int, int] | None:
    """What Undo restores, and over which version; None if that cannot be had just now."""
    if note["version"] == over:
        return None  # the same text: nothing was saved
    try:
        before = await stored.before(context, note["key"], note["version"])
    except BackendError:
        return None
    return (before["version"], note["version"]) if before else None


@router.get("/delete")
async def confirm(context: CurrentContext, key: str, n: str) -> Response:
    """Asks an administrator before a version is deleted for good."""
    _must_administer(context)
    note = await context.site.notes.read(context.token, key)
    found = await context.site.notes.version(context.token, key, stored.demanded(n))
    return context.render("delete_version.html", note=note, version=found, problem="")


@router.post("/delete")
async def delete(context: CurrentContext, key: str, n: str) -> Response:
    """Deletes the text of a version; that there was one still shows."""
    _must_administer(context)
    number = stored.demanded(n)
    try:
        await context.site.notes.delete_version(context.token, key, number)
    except Refused as refusal:
        if refusal.code == "version_is_current":
            return await version.shown(context, key, number, status=409, problem=IS_CURRENT)
        if refusal.code != "version_deleted":  # perhaps by an earlier try of this
            raise
    told = Message(f"Version {number} was deleted for good.")
    return context.redirect(view.path(key, "history"), message=told)


def _must_administer(context: RequestContext) -> None:
    _ = context.token
    if context.account is None or not context.account.is_admin:
        raise Refused(403, "not_allowed", "only administrators delete versions")
