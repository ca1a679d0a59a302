"""Writing a note: the form, its preview, and saving.

A save never replaces a text that its writer has not seen, and nothing typed is ever lost: every
refusal shows the form again with the text in it.
"""

import asyncio
from dataclasses import replace
from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from notes_web.clients.http import BackendError, Refused, Unreachable
from notes_web.clients.notes_types import NoteOut
from notes_web.pages.notes.draft import Draft, describe, text_of, typed, with_errors
from notes_web.pages.notes.view import path
from notes_web.request_context import CurrentContext, Message, RequestContext
from notes_web.text import diff, merge
from notes_web.text.merge import Text
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(route_class=TokenRetryRoute)

TITLE_CHARACTERS = 200

UNKNOWN = (
    "There was no answer, so your text may or may not have been saved. It is still here: "
    "save it again, it is never saved twice."
)
AWAY = "A part of Notes is not responding, so nothing was saved. Your text is here: try again."


def form(
    context: RequestContext, draft: Draft, *, new: bool, status: int = 200, **facts: Any
) -> Response:
    """Renders the editor."""
    page: dict[str, Any] = {"draft": draft, "new": new, "preview": None} | facts
    return context.render("edit.html", status=status, **page)


@router.get("/notes/add")
async def blank(context: CurrentContext) -> Response:
    """Shows the editor for a new note."""
    _ = context.writer
    return form(context, Draft(), new=True)


@router.get("/notes/{key}/edit")
async def filled(context: CurrentContext, key: str) -> Response:
    """Shows the editor with the note's text."""
    _ = context.writer
    note = await context.site.notes.read(context.token, key)
    text = text_of(note)
    draft = Draft(*text, key, note["version"], base=text)
    return form(context, draft, new=False, note=note)


@router.post("/notes/add")
async def add(context: CurrentContext) -> Response:
    """Creates a note, or previews it."""
    draft = typed(context, key=context.field("key").strip())
    if context.field("choice") == "preview":
        return await previewed(context, draft, new=True)
    if not context.field("choice") and not draft.body.strip():
        return form(context, draft, new=True)  # Enter in the title, where no script runs
    return await created(context, draft)


@router.post("/notes/{key}/edit")
async def edit(context: CurrentContext, key: str) -> Response:
    """Saves a note, or does what the form's `choice` says."""
    draft = typed(context, key=key)
    match context.field("choice"):
        case "preview":
            return await previewed(context, draft, new=False)
        case "both":
            return await created(context, _copy(context, draft))
        case "together":
            return await _together(context, draft)
        case "merge":
            return await _merging(context, draft)
        case _:
            return await saved(context, draft)


async def created(context: RequestContext, draft: Draft) -> Response:
    """Creates the note and goes there."""
    words = {"key": draft.key, "title": draft.title.strip(), "body": draft.body}
    try:
        note = await context.site.notes.create(context.token, **words, once=draft.once)
    except (Refused, Unreachable) as error:
        if context.wants_json:
            raise
        return refused(context, draft, error, new=True)
    return _done(context, draft, note)


async def saved(
    context: RequestContext, draft: Draft, via: Literal["page", "merge"] = "page"
) -> Response:
    """The island asks for JSON, and only wants good news."""
    text = draft.text
    try:
        note = await context.site.notes.save(
            context.token,
            draft.key,
            title=text.title,
            body=text.body,
            version=draft.version,
            once=draft.same_save,
            via=via,
        )
    except (Refused, Unreachable) as error:
        if context.wants_json:
            raise
        return await _not_saved(context, draft, error)
    return _done(context, draft, note)


def _done(context: RequestContext, draft: Draft, note: NoteOut) -> Response:
    url, message = path(note["key"]), Message("Saved.", saved=draft.writing or None)
    if not context.wants_json:
        return context.redirect(url, message=message)
    told = {
        "key": note["key"],
        "version": note["version"],
        "updated_at": note["updated_at"],
        "url": url,
    }
    response = JSONResponse(told)
    if context.field("then") == "read":  # the island goes there, as a form would
        context.set_message(response, message)
    return response


async def previewed(context: RequestContext, draft: Draft, *, new: bool) -> Response:
    """Shows the preview below the form, or as JSON for the island."""
    try:
        html = await context.site.notes.preview(context.token, draft.body)
    except (Refused, Unreachable) as error:
        if context.wants_json:
            raise
        return refused(context, draft, error, new=new)
    if context.wants_json:
        return JSONResponse({"html": html})
    return form(context, draft, new=new, preview=html)


def refused(
    context: RequestContext, draft: Draft, error: BackendError, *, new: bool
) -> Response:
    """The form again, with the text and the reason; signing in carries the text itself."""
    if isinstance(error, Unreachable):
        sentence = UNKNOWN if error.may_be_done else AWAY
        # The same `once`: if the first try did arrive, the next one changes nothing.
        kept = with_errors(draft, {"": sentence}, once=draft.once)
        return form(context, kept, new=new, status=503)
    assert isinstance(error, Refused)
    if error.status == 401:
        raise error
    name, sentence = describe(error)
    return form(context, with_errors(draft, {name: sentence}), new=new, status=error.status)


async def _not_saved(
    context: RequestContext, draft: Draft, error: Refused | Unreachable
) -> Response:
    if isinstance(error, Refused) and error.code == "version_conflict":
        return await _conflict(context, draft, error.facts["current"])
    if isinstance(error, Refused) and error.status in (404, 410):
        return context.render("deleted.html", status=410, draft=draft, facts=error.facts)
    return refused(context, draft, error, new=False)


async def _conflict(context: RequestContext, draft: Draft, theirs: NoteOut) -> Response:
    """Both texts side by side. What the person typed stays in the page's form."""
    me = context.account.id if context.account else ""
    is_own = theirs["editor"]["id"] == me
    if is_own and text_of(theirs) == draft.text:
        # An answer of ours got lost on its way: it was saved the first time.
        return _done(context, draft, theirs)
    lines = await asyncio.to_thread(diff.compare, text_of(theirs).body, draft.body)
    facts: dict[str, Any] = {"draft": draft, "theirs": theirs, "lines": lines, "is_own": is_own}
    together = await _merged(draft, theirs)
    return context.render("conflict.html", status=409, together=together, **facts)


async def _merged(draft: Draft, note: NoteOut) -> merge.Merged | None:
    if draft.base is None:
        return None
    return await asyncio.to_thread(merge.merge, draft.base, text_of(note), draft.text)


async def _together(context: RequestContext, draft: Draft) -> Response:
    """Both changes in one text, over the version that was shown; else both are shown again."""
    try:
        note = await context.site.notes.read(context.token, draft.key)
    except (Refused, Unreachable) as error:
        return await _not_saved(context, draft, error)
    merged = await _merged(draft, note)
    if merged and Text(merged.title, merged.body) == text_of(note):
        # Nothing of it is missing there: an earlier try of this was saved.
        return _done(context, draft, note)
    if merged is None or note["version"] != draft.version:
        return await _conflict(context, draft, note)
    both = replace(draft, title=merged.title, body=merged.body, base=text_of(note))
    return await saved(context, both, via="merge")


async def _merging(context: RequestContext, draft: Draft) -> Response:
    try:
        note = await context.site.notes.read(context.token, draft.key)
    except (Refused, Unreachable) as error:
        return await _not_saved(context, draft, error)
    body = await asyncio.to_thread(diff.unite, text_of(note).body, draft.body)
    united = replace(draft, body=body, version=note["version"], base=text_of(note), once="")
    return form(context, united, new=False, note=note, merged=True)


def _copy(context: RequestContext, draft: Draft) -> Draft:
    """A second note of the same text: `Keep both`."""
    name = context.account.name if context.account else "copy"
    mark = f" ({name}’s version)"
    title = draft.title.strip()
    if len(title) + len(mark) <= TITLE_CHARACTERS:  # nothing of a title is cut for a mark
        title += mark
    return replace(draft, title=title, key="", base=None)
