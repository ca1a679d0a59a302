"""One's own comment is changed, and what it said before is read."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from notes_web import idempotency
from notes_web.clients.http import Refused, Unreachable
from notes_web.clients.notes_types import CommentOut
from notes_web.pages.error_messages import quota_message
from notes_web.pages.notes import view
from notes_web.request_context import CurrentContext, RequestContext
from notes_web.token_retry import TokenRetryRoute

UNKNOWN = "There was no answer, so your comment may or may not have been saved. Save it again."
AWAY = "A part of Notes is not responding, so your comment was not saved. Save it again."
NOT_YOURS = "only its author can change a comment"

router = APIRouter(prefix="/notes/{key}/comments/{comment}", route_class=TokenRetryRoute)


@router.get("/edit")
async def edit(context: CurrentContext, key: str, comment: int) -> Response:
    """Shows the comment in a form; of one that is gone, what this device has kept."""
    me = context.writer
    said = await _read(context, key, comment)
    if said and said["author"]["id"] != me.id:
        raise Refused(403, "not_allowed", NOT_YOURS)
    return await _form(context, key, comment, said=said, text=said["text"] if said else "")


@router.post("/edit")
async def save(context: CurrentContext, key: str, comment: int) -> Response:
    """Saves the comment over the version that the form began with."""
    text = context.field("text")
    try:
        made = await _saved(context, key, comment)
    except (Refused, Unreachable) as error:
        status, sentence, current = _refused(error)
        if context.wants_json:
            if current is None:
                raise
            return JSONResponse({"code": "comment_conflict", "comment": current}, status)
        if status in (401, 403, 410) or _is_gone(error, "note_not_found"):
            raise
        said = None if _is_gone(error, "comment_not_found") else current or _typed(context)
        return await _form(
            *(context, key, comment),
            status=status,
            said=said,
            text=text,
            current=current,
            error=sentence,
            # Nobody knows what became of it: the next try is the same one.
            once=context.field("once") if isinstance(error, Unreachable) else "",
        )
    if context.wants_json:
        return JSONResponse(made)
    return context.redirect(view.path(key) + f"#comment-{comment}")


@router.get("/versions")
async def versions(context: CurrentContext, key: str, comment: int) -> Response:
    """Shows what the comment said before, newest first."""
    notes, token = context.site.notes, context.token
    former = await notes.comment_versions(token, key, comment)
    said = await notes.read_comment(token, key, comment)
    note = await notes.read(token, key)
    return context.render(
        "comment_versions.html", note=note, said=said, versions=former["versions"]
    )


async def _saved(context: RequestContext, key: str, comment: int) -> CommentOut:
    base = context.field("base")
    try:
        return await _sent(context, key, comment, context.version)
    except Refused as refusal:
        current = refusal.facts.get("comment") or {}
        # Not its text changed, but what else there is of it: nothing is replaced blindly.
        if not base or current.get("text") != base:
            raise
        return await _sent(context, key, comment, current.get("version", 1))


async def _sent(context: RequestContext, key: str, comment: int, version: int) -> CommentOut:
    text = context.field("text").strip()
    once = idempotency.key(context.field("once"), text, version)
    return await context.site.notes.edit_comment(
        context.token, key, comment, text=text, version=version, once=once
    )


async def _read(context: RequestContext, key: str, comment: int) -> CommentOut | None:
    try:
        return await context.site.notes.read_comment(context.token, key, comment)
    except Refused as refusal:
        if refusal.code != "comment_not_found":
            raise
        return None


def _typed(context: RequestContext) -> dict[str, Any]:
    """What the form began with, where the service does not say what there is now."""
    return {"text": context.field("base"), "version": context.version}


async def _form(
    context: RequestContext,
    key: str,
    comment: int,
    *,
    said: Any,
    text: str,
    status: int = 200,
    current: Any = None,
    error: str = "",
    once: str = "",
) -> Response:
    note = await context.site.notes.read(context.token, key)
    facts = {"said": said, "text": text, "current": current, "error": error, "once": once}
    return context.render(
        "edit_comment.html", status=status, note=note, number=comment, **facts
    )


def _is_gone(error: Exception, code: str) -> bool:
    return isinstance(error, Refused) and error.code == code


def _refused(error: Refused | Unreachable) -> tuple[int, str, Any]:
    """Status, what to tell, and the comment as it reads now if somebody changed it."""
    match error:
        case Unreachable():
            return 503, UNKNOWN if error.may_be_done else AWAY, None
        case Refused(code="comment_conflict"):
            return 409, "", error.facts.get("comment")
        case Refused(status=422):
            return 422, "A comment must have visible text, at most 4000 characters.", None
        case Refused(code="quota_spent"):
            return 429, quota_message(error), None
        case _:
            return error.status, error.detail or "The comment was refused.", None
