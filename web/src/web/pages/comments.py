"""Comments on a note: said and taken back, by plain forms or by the note's island."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from web import once
from web.pages import note
from web.pages.refusals import said_of_quota
from web.renewing import RenewingRoute
from web.service import Refused, Unreachable
from web.visit import CurrentVisit, Message

UNKNOWN = (
    "There was no answer, so your comment may or may not have been posted. "
    "Send it again: it is never posted twice."
)
AWAY = "A part of Notes is away, so nothing was said. Your comment is here: send it again."

router = APIRouter(prefix="/notes/{key}/comments", route_class=RenewingRoute)


@router.post("")
async def say(visit: CurrentVisit, key: str) -> Response:
    text, form = visit.field("text"), visit.field("once")
    token = visit.token
    try:
        said = text.strip()
        made = await visit.site.notes.comment(token, key, text=said, once=once.key(form, said))
    except (Refused, Unreachable) as error:
        status, sentence, is_same_try = _refused(error)
        if visit.wants_json or status in (401, 404, 410):
            raise
        kept: dict[str, Any] = {"text": text, "once": form if is_same_try else ""}
        return await note.shown(visit, key, status=status, errors={"text": sentence}, **kept)
    if visit.wants_json:
        return JSONResponse(made, status_code=201)
    return visit.see(note.path(key) + f"#comment-{made['id']}")


@router.get("/{comment}/delete")
async def confirm(visit: CurrentVisit, key: str, comment: int) -> Response:
    """A comment has no trash, so it is asked about."""
    me, _ = visit.writer, visit.token
    found = await note.state(visit, key)
    said = next((each for each in found["comments"]["comments"] if each["id"] == comment), None)
    if said and said["author"]["id"] != me.id and not me.is_admin:
        raise Refused(403, "not_allowed", "a comment is deleted by its author")
    return visit.render("delete_comment.html", note=found["note"], said=said, number=comment)


@router.post("/{comment}/delete")
async def take_back(visit: CurrentVisit, key: str, comment: int) -> Response:
    try:
        await visit.site.notes.delete_comment(visit.token, key, comment)
    except Refused as refusal:
        # It is gone already: perhaps by an earlier try of this.
        if refusal.code != "comment_not_found":
            raise
    if visit.wants_json:
        return Response(status_code=204)
    return visit.see(note.path(key) + "#comments", message=Message("The comment was deleted."))


def _refused(error: Refused | Unreachable) -> tuple[int, str, bool]:
    """Status, what to tell, and whether the next try is the same one (answer unknown)."""
    match error:
        case Unreachable():
            return 503, UNKNOWN if error.may_be_done else AWAY, True
        case Refused(status=422):
            return (
                422,
                "A comment has between 1 and 4000 characters, and shows something.",
                False,
            )
        case Refused(code="quota_spent"):
            return 429, said_of_quota(error), False
        case Refused(status=403):
            return 403, "Your account is read-only, so it cannot comment.", False
        case _:
            return error.status, error.detail or "The comment was refused.", False
