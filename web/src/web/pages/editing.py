"""Writing a note: the form, its preview, and saving.

A save never replaces a text that its writer has not seen, and nothing typed is ever lost: every
refusal shows the form again with the text in it.
"""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from web import differences, merging, once
from web.line_ends import normal
from web.merging import Text
from web.pages.note import path
from web.pages.refusals import said_of_quota
from web.renewing import RenewingRoute
from web.service import BackendError, Refused, Unreachable
from web.visit import CurrentVisit, Message, Visit

router = APIRouter(route_class=RenewingRoute)

# Which field a code of notes-service is about, and how to say it.
SENTENCES = {
    "invalid_key": ("key", "Use 1 to 64 letters, digits, dots, dashes, underscores or tildes."),
    "note_exists": ("key", "There is a note at this address already. Choose another."),
    "invalid_title": ("title", "A title has between 1 and 200 characters."),
    "invalid_title:blank": ("title", "A title has to show something: there is nothing to see."),
    "invalid_title:unfit": (
        "title",
        "A title is one line: take out its line breaks, tabs and control characters.",
    ),
    "body_too_long": ("body", "A note holds at most 256 KiB of text."),
    "invalid_body": ("body", "There is a character in the text that cannot be stored."),
    "idempotency_key_reused": (
        "title",
        "An earlier try of this form reached us. Look at the list before you save again.",
    ),
    "not_allowed": ("title", "Your account can read notes, but not write them."),
}

TITLE_CHARACTERS = 200

UNKNOWN = (
    "There was no answer, so your text may or may not have been saved. It is still here: "
    "save it again, it is never saved twice."
)
AWAY = "A part of Notes is away, so nothing was saved. Your text is still here: try again."


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
        return Text(self.title.strip(), self.body)

    @property
    def same_save(self) -> str:
        """The key of this save."""
        return once.key(self.once, self.key, self.version, *self.text)


def typed(visit: Visit, *, key: str) -> Draft:
    has_base = "base" in visit.form and "base_title" in visit.form
    return Draft(
        base=Text(visit.field("base_title"), visit.field("base")) if has_base else None,
        writing=visit.field("writing")[:64],
        title=visit.field("title"),
        body=visit.field("body"),
        key=key,
        version=visit.version,
        once=visit.field("once"),
    )


def with_errors(draft: Draft, errors: dict[str, str], *, once: str = "") -> Draft:
    return replace(draft, once=once, errors=errors)


def form(visit: Visit, draft: Draft, *, new: bool, status: int = 200, **facts: Any) -> Response:
    page: dict[str, Any] = {"draft": draft, "new": new, "preview": None} | facts
    return visit.render("edit.html", status=status, **page)


@router.get("/notes/add")
async def blank(visit: CurrentVisit) -> Response:
    _ = visit.writer
    return form(visit, Draft(), new=True)


@router.get("/notes/{key}/edit")
async def filled(visit: CurrentVisit, key: str) -> Response:
    _ = visit.writer
    note = await visit.site.notes.read(visit.token, key)
    text = _text(note)
    draft = Draft(*text, key, note["version"], base=text)
    return form(visit, draft, new=False, note=note)


@router.post("/notes/add")
async def add(visit: CurrentVisit) -> Response:
    draft = typed(visit, key=visit.field("key").strip())
    if visit.field("choice") == "preview":
        return await previewed(visit, draft, new=True)
    if not visit.field("choice") and not draft.body.strip():
        return form(visit, draft, new=True)  # Enter in the title, where no script runs
    return await created(visit, draft)


@router.post("/notes/{key}/edit")
async def edit(visit: CurrentVisit, key: str) -> Response:
    draft = typed(visit, key=key)
    match visit.field("choice"):
        case "preview":
            return await previewed(visit, draft, new=False)
        case "both":
            return await created(visit, _copy(visit, draft))
        case "together":
            return await _together(visit, draft)
        case "merge":
            return await _merging(visit, draft)
        case _:
            return await saved(visit, draft)


async def created(visit: Visit, draft: Draft) -> Response:
    words = {"key": draft.key, "title": draft.title.strip(), "body": draft.body}
    try:
        note = await visit.site.notes.create(visit.token, **words, once=draft.once)
    except (Refused, Unreachable) as error:
        if visit.wants_json:
            raise
        return refused(visit, draft, error, new=True)
    return _done(visit, draft, note)


async def saved(visit: Visit, draft: Draft) -> Response:
    """The island asks for JSON, and only wants good news."""
    text = draft.text
    try:
        note = await visit.site.notes.save(
            visit.token,
            draft.key,
            title=text.title,
            body=text.body,
            version=draft.version,
            once=draft.same_save,
        )
    except (Refused, Unreachable) as error:
        if visit.wants_json:
            raise
        return await _not_saved(visit, draft, error)
    return _done(visit, draft, note)


def _done(visit: Visit, draft: Draft, note: dict[str, Any]) -> Response:
    url, message = path(note["key"]), Message("Saved.", saved=draft.writing or None)
    if not visit.wants_json:
        return visit.see(url, message=message)
    told = {
        "key": note["key"],
        "version": note["version"],
        "updated_at": note["updated_at"],
        "url": url,
    }
    response = JSONResponse(told)
    if visit.field("then") == "read":  # the island goes there, as a form would
        visit.leave(response, message)
    return response


async def previewed(visit: Visit, draft: Draft, *, new: bool) -> Response:
    try:
        html = await visit.site.notes.preview(visit.token, draft.body)
    except (Refused, Unreachable) as error:
        if visit.wants_json:
            raise
        return refused(visit, draft, error, new=new)
    if visit.wants_json:
        return JSONResponse({"html": html})
    return form(visit, draft, new=new, preview=html)


def refused(visit: Visit, draft: Draft, error: BackendError, *, new: bool) -> Response:
    """The form again, with the text and the reason; signing in carries the text itself."""
    if isinstance(error, Unreachable):
        sentence = UNKNOWN if error.may_be_done else AWAY
        # The same `once`: if the first try did arrive, the next one changes nothing.
        kept = with_errors(draft, {"": sentence}, once=draft.once)
        return form(visit, kept, new=new, status=503)
    assert isinstance(error, Refused)
    if error.status == 401:
        raise error
    name, sentence = _said(error)
    return form(visit, with_errors(draft, {name: sentence}), new=new, status=error.status)


def _said(error: Refused) -> tuple[str, str]:
    """The field that it is about, and the sentence."""
    if error.code == "quota_spent":
        return "", said_of_quota(error)
    closer = SENTENCES.get(f"{error.code}:{error.facts.get('reason')}")
    return closer or SENTENCES.get(error.code, ("", error.detail or "It was refused."))


async def _not_saved(visit: Visit, draft: Draft, error: Refused | Unreachable) -> Response:
    if isinstance(error, Refused) and error.code == "version_conflict":
        return await _conflict(visit, draft, error.facts["current"])
    if isinstance(error, Refused) and error.status in (404, 410):
        return visit.render("deleted.html", status=410, draft=draft, facts=error.facts)
    return refused(visit, draft, error, new=False)


async def _conflict(visit: Visit, draft: Draft, theirs: dict[str, Any]) -> Response:
    """Both texts side by side. What the person typed stays in the page's form."""
    me = visit.account.id if visit.account else ""
    is_own = theirs["editor"]["id"] == me
    if is_own and _text(theirs) == draft.text:
        # An answer of ours got lost on its way: it was saved the first time.
        return _done(visit, draft, theirs)
    lines = await asyncio.to_thread(differences.compare, _text(theirs).body, draft.body)
    facts = {"draft": draft, "theirs": theirs, "lines": lines, "is_own": is_own}
    together = await _merged(draft, theirs)
    return visit.render("conflict.html", status=409, together=together, **facts)


async def _merged(draft: Draft, note: dict[str, Any]) -> merging.Merged | None:
    if draft.base is None:
        return None
    return await asyncio.to_thread(merging.merge, draft.base, _text(note), draft.text)


async def _together(visit: Visit, draft: Draft) -> Response:
    """Both changes in one text, over the version that was shown; else both are shown again."""
    try:
        note = await visit.site.notes.read(visit.token, draft.key)
    except (Refused, Unreachable) as error:
        return await _not_saved(visit, draft, error)
    merged = await _merged(draft, note)
    if merged and Text(merged.title, merged.body) == _text(note):
        # Nothing of it is missing there: an earlier try of this was saved.
        return _done(visit, draft, note)
    if merged is None or note["version"] != draft.version:
        return await _conflict(visit, draft, note)
    both = replace(draft, title=merged.title, body=merged.body, base=_text(note))
    return await saved(visit, both)


async def _merging(visit: Visit, draft: Draft) -> Response:
    try:
        note = await visit.site.notes.read(visit.token, draft.key)
    except (Refused, Unreachable) as error:
        return await _not_saved(visit, draft, error)
    body = await asyncio.to_thread(differences.unite, _text(note).body, draft.body)
    united = replace(draft, body=body, version=note["version"], base=_text(note), once="")
    return form(visit, united, new=False, note=note, merged=True)


def _copy(visit: Visit, draft: Draft) -> Draft:
    """A second note of the same text: `Keep both`."""
    name = visit.account.name if visit.account else "copy"
    mark = f" ({name}’s version)"
    title = draft.title.strip()
    if len(title) + len(mark) <= TITLE_CHARACTERS:  # nothing of a title is cut for a mark
        title += mark
    return replace(draft, title=title, key="", base=None)


def _text(note: dict[str, Any]) -> Text:
    return Text(note["title"], normal(note["body"]))
