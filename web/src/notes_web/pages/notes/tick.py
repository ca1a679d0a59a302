"""Ticking a task in a note: one small save, by whoever may write.

Promise: the task that its reader saw is ticked, or none. Two people who tick different tasks at
once both do: who comes second ticks theirs in the text that the first one made.
"""

from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from notes_web import idempotency
from notes_web.clients.http import Refused
from notes_web.clients.notes_types import NoteOut
from notes_web.pages.notes.draft import text_of
from notes_web.pages.notes.view import path
from notes_web.request_context import CurrentContext, RequestContext
from notes_web.text import tasks
from notes_web.token_retry import TokenRetryRoute

TRIES: Final = 8
"""Of as many people who tick at the same moment, one succeeds in each."""

router = APIRouter(route_class=TokenRetryRoute)


@router.post("/notes/{key}/tick")
async def tick(context: CurrentContext, key: str) -> Response:
    """Sets or takes away a task's mark; a repeat changes nothing more."""
    _ = context.writer
    for _ in range(TRIES):
        note = await context.site.notes.read(context.token, key)
        body = _ticked(context, note)
        if body == text_of(note).body:
            return _done(context, note)
        try:
            return _done(context, await _saved(context, note, body))
        except Refused as refusal:
            if refusal.code != "version_conflict":
                raise
    raise Refused(409, "busy_note", "many people change this note just now")


def _ticked(context: RequestContext, note: NoteOut) -> str:
    """The note's text with the mark as it was asked for; Refused if the task is not there."""
    line = tasks.line_of(
        note["html"],
        context.field("task"),
        place=context.number("place") or 0,
        alike=context.number("alike") or 0,
    )
    if line is None:
        raise Refused(409, "task_changed", "this task is not in the note any more")
    is_done = context.field("checked") == "yes"
    return tasks.marked(text_of(note).body, line, is_done=is_done)


async def _saved(context: RequestContext, note: NoteOut, body: str) -> NoteOut:
    return await context.site.notes.save(
        context.token,
        note["key"],
        title=note["title"],
        body=body,
        version=note["version"],
        once=idempotency.key("", note["key"]),
    )


def _done(context: RequestContext, note: NoteOut) -> Response:
    if context.wants_json:
        return JSONResponse({"version": note["version"]})
    return context.redirect(path(note["key"]))
