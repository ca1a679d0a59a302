"""Comments on a note: said and taken back, by plain forms or by the note's island."""

import secrets
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from notes_web import idempotency
from notes_web.clients.http import Refused, Unreachable
from notes_web.pages.error_messages import quota_message
from notes_web.pages.notes import view
from notes_web.request_context import CurrentContext, Message
from notes_web.token_retry import TokenRetryRoute

UNKNOWN = (
    "There was no answer, so your comment may or may not have been posted. "
    "Send it again: it is never posted twice."
)
AWAY = "A part of Notes is not responding, so your comment was not posted. Send it again."

router = APIRouter(prefix="/notes/{key}/comments", route_class=TokenRetryRoute)


@router.post("")
async def say(context: CurrentContext, key: str) -> Response:
    """Adds a comment; if it could not be added, the text is in the form again."""
    text, form = context.field("text"), context.field("once")
    token = context.token
    try:
        said = text.strip()
        made = await context.site.notes.comment(
            token, key, text=said, once=idempotency.key(form, said)
        )
    except (Refused, Unreachable) as error:
        status, sentence, is_same_try = _refused(error)
        if context.wants_json or status in (401, 404, 410):
            raise
        kept: dict[str, Any] = {"text": text, "once": form if is_same_try else ""}
        return await view.shown(context, key, status=status, errors={"text": sentence}, **kept)
    if context.wants_json:
        return JSONResponse(made, status_code=201)
    return context.redirect(view.path(key) + f"#comment-{made['id']}")


@router.get("/{comment}/delete")
async def confirm(context: CurrentContext, key: str, comment: int) -> Response:
    """Asks before a comment is deleted."""
    me, _ = context.writer, context.token
    found = await view.state(context, key)
    said = next((each for each in found["comments"]["comments"] if each["id"] == comment), None)
    if said and said["author"]["id"] != me.id and not me.is_admin:
        raise Refused(
            403, "not_allowed", "only its author or an administrator can delete a comment"
        )
    return context.render("delete_comment.html", note=found["note"], said=said, number=comment)


@router.post("/{comment}/delete")
async def take_back(context: CurrentContext, key: str, comment: int) -> Response:
    """Deletes a comment, or does nothing if it is gone."""
    try:
        await context.site.notes.delete_comment(context.token, key, comment)
    except Refused as refusal:
        # It is gone already: perhaps by an earlier try of this.
        if refusal.code != "comment_not_found":
            raise
    if context.wants_json:
        return Response(status_code=204)
    gone = Message("The comment was deleted.", undo=f"{key}/comments/{comment}")
    return context.redirect(view.path(key) + "#comments", message=gone)


@router.post("/{comment}/restore")
async def bring_back(context: CurrentContext, key: str, comment: int) -> Response:
    """Restores a deleted comment, in its place."""
    once = secrets.token_urlsafe(32)  # of this request: web may have to ask again
    try:
        made = await context.site.notes.restore_comment(context.token, key, comment, once=once)
    except Refused as refusal:
        if context.wants_json or refusal.code != "comment_not_found":
            raise
        too_late = Message("This comment cannot be restored any more.", tone="error")
        return context.redirect(view.path(key) + "#comments", message=too_late)
    if context.wants_json:
        return JSONResponse(made)
    back = Message("The comment was restored.")
    return context.redirect(view.path(key) + f"#comment-{comment}", message=back)


def _refused(error: Refused | Unreachable) -> tuple[int, str, bool]:
    """Status, what to tell, and whether the next try is the same one (answer unknown)."""
    match error:
        case Unreachable():
            return 503, UNKNOWN if error.may_be_done else AWAY, True
        case Refused(status=422):
            return (
                422,
                "A comment must have visible text, at most 4000 characters.",
                False,
            )
        case Refused(code="quota_spent"):
            return 429, quota_message(error), False
        case Refused(status=403):
            return 403, "Your account is read-only, so it cannot comment.", False
        case _:
            return error.status, error.detail or "The comment was refused.", False
