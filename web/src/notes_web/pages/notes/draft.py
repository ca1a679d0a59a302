"""What stands in the form of a note, and what its errors say."""

from dataclasses import dataclass, field, replace

from notes_web import idempotency
from notes_web.clients.http import Refused
from notes_web.clients.notes_types import NoteOut, WholeVersionOut
from notes_web.pages.error_messages import quota_message
from notes_web.request_context import RequestContext
from notes_web.text.line_ends import normal
from notes_web.text.merge import Text

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


def describe(error: Refused) -> tuple[str, str]:
    """The field that it is about, and the sentence."""
    if error.code == "quota_spent":
        return "", quota_message(error)
    closer = SENTENCES.get(f"{error.code}:{error.facts.get('reason')}")
    return closer or SENTENCES.get(error.code, ("", error.detail or "The request was refused."))


def text_of(note: NoteOut | WholeVersionOut) -> Text:
    """Returns what of a note its writers type."""
    return Text(note["title"], normal(note["body"]))
