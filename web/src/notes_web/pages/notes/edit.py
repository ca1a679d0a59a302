"""Writing a note: the form, its preview, and saving.

A save never replaces a text that its writer has not seen, and nothing typed is ever lost: every
refusal shows the form again with the text in it.
"""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from notes_web import idempotency
from notes_web.clients.http import BackendError, Refused, Unreachable
from notes_web.clients.notes_types import NoteOut
from notes_web.pages.error_messages import quota_message
from notes_web.pages.notes.view import path
from notes_web.request_context import CurrentContext, Message, RequestContext
from notes_web.text import diff, merge
from notes_web.text.line_ends import normal
from notes_web.text.merge import Text
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(route_class=TokenRetryRoute)

# Which field a code of notes-service is about, and how to say it.
SENTENCES = {
    "invalid_key": ("key", "Use 1 to 64 letters, digits, dots, dashes, underscores or tildes."),
    "note_exists": ("key", "A note with this address already exists. Choose another."),
    "invalid_title": ("title", "A title must have 1 to 200 characters."),
    "invalid_title:blank": ("title", "A title must have visible characters."),
    "invalid_title:unfit": (
        "title",
        "A title must be one line. Remove line breaks, tabs and control characters.",
    ),
    "body_too_long": ("body", "A note holds at most 256 KiB of text."),
    "invalid_body": ("body", "The text contains a character that cannot be stored."),
    "idempotency_key_reused": (
        "title",
        "This form was already sent with other text. Check the list before you save again.",
    ),
    "not_allowed": ("title", "Your account can read notes, but not write them."),
}

TITLE_CHARACTERS = 200

UNKNOWN = (
    "There was no answer, so your text may or may not have been saved. It is still here: "
    "save it again, it is never saved twice."
)
AWAY = "A part of Notes is not responding, so nothing was saved. Your text is here: try again."


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form."""

    title: str = ""
    body: str = ""
    key: str = ""
    version: int = 0
    once: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    base: Text | None = None
    """What the person began with; None when nobody knows."""
    writing: str = ""
    """This text's name on all its ways: once saved, its copy on the device goes."""

    @property
    def text(self) -> Text:
        """The text as it would be saved."""
        return Text(self.title.strip(), self.body)

    @property
    def same_save(self) -> str:
        """The key of this save."""
        return idempotency.key(self.once, self.key, self.version, *self.text)


def typed(context: RequestContext, *, key: str) -> Draft:
    """Reads the form of a note."""
    has_base = "base" in context.form and "base_title" in context.form
    return Draft(
        base=Text(context.field("base_title"), context.field("base")) if has_base else None,
        writing=context.field("writing")[:64],
        title=context.field("title"),
        body=context.field("body"),
        key=key,
        version=context.version,
        once=context.field("once"),
    )


def with_errors(draft: Draft, errors: dict[str, str], *, once: str = "") -> Draft:
    """Returns the draft with a sentence for each field, and the key of its next try."""
    return replace(draft, once=once, errors=errors)


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
    text = _text(note)
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


async def saved(context: RequestContext, draft: Draft) -> Response:
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
    name, sentence = _said(error)
    return form(context, with_errors(draft, {name: sentence}), new=new, status=error.status)


def _said(error: Refused) -> tuple[str, str]:
    """The field that it is about, and the sentence."""
    if error.code == "quota_spent":
        return "", quota_message(error)
    closer = SENTENCES.get(f"{error.code}:{error.facts.get('reason')}")
    return closer or SENTENCES.get(error.code, ("", error.detail or "The request was refused."))


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
    if is_own and _text(theirs) == draft.text:
        # An answer of ours got lost on its way: it was saved the first time.
        return _done(context, draft, theirs)
    lines = await asyncio.to_thread(diff.compare, _text(theirs).body, draft.body)
    facts: dict[str, Any] = {"draft": draft, "theirs": theirs, "lines": lines, "is_own": is_own}
    together = await _merged(draft, theirs)
    return context.render("conflict.html", status=409, together=together, **facts)


async def _merged(draft: Draft, note: NoteOut) -> merge.Merged | None:
    if draft.base is None:
        return None
    return await asyncio.to_thread(merge.merge, draft.base, _text(note), draft.text)


async def _together(context: RequestContext, draft: Draft) -> Response:
    """Both changes in one text, over the version that was shown; else both are shown again."""
    try:
        note = await context.site.notes.read(context.token, draft.key)
    except (Refused, Unreachable) as error:
        return await _not_saved(context, draft, error)
    merged = await _merged(draft, note)
    if merged and Text(merged.title, merged.body) == _text(note):
        # Nothing of it is missing there: an earlier try of this was saved.
        return _done(context, draft, note)
    if merged is None or note["version"] != draft.version:
        return await _conflict(context, draft, note)
    both = replace(draft, title=merged.title, body=merged.body, base=_text(note))
    return await saved(context, both)


async def _merging(context: RequestContext, draft: Draft) -> Response:
    try:
        note = await context.site.notes.read(context.token, draft.key)
    except (Refused, Unreachable) as error:
        return await _not_saved(context, draft, error)
    body = await asyncio.to_thread(diff.unite, _text(note).body, draft.body)
    united = replace(draft, body=body, version=note["version"], base=_text(note), once="")
    return form(context, united, new=False, note=note, merged=True)


def _copy(context: RequestContext, draft: Draft) -> Draft:
    """A second note of the same text: `Keep both`."""
    name = context.account.name if context.account else "copy"
    mark = f" ({name}’s version)"
    title = draft.title.strip()
    if len(title) + len(mark) <= TITLE_CHARACTERS:  # nothing of a title is cut for a mark
        title += mark
    return replace(draft, title=title, key="", base=None)


def _text(note: NoteOut) -> Text:
    return Text(note["title"], normal(note["body"]))
