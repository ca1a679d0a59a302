"""What people may type, and how much of it: every limit and every check of a text.

Pure. What these functions return can be stored in PostgreSQL and sent as UTF-8, and its lines
end with LF, whoever sent it: texts that differ in nothing else are the same text.
"""

import re
from dataclasses import dataclass
from typing import Final

from service_data.visibility import shows_nothing

from notes_service.errors import (
    BodyTooLong,
    InvalidBody,
    InvalidComment,
    InvalidIdempotencyKey,
    InvalidKey,
    InvalidSearch,
    InvalidTitle,
)

TITLE_CHARACTERS: Final = 200
BODY_BYTES: Final = 256 * 1024
COMMENT_CHARACTERS: Final = 4000
SEARCH_CHARACTERS: Final = 200
IDEMPOTENCY_KEY_CHARACTERS: Final = 255
# Words of the pages' addresses, those of the original application included.
RESERVED_KEYS: Final = frozenset(
    {".", "..", "add", "edit", "save", "view", "destroy", "new", "trash"}
)
_KEY: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_VISIBLE_ASCII: Final = re.compile(r"[\x21-\x7e]+")
_LINE_END: Final = re.compile("\r\n?")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
# A title is one line, and a terminal that shows it must not obey it.
_NOT_IN_A_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Text:
    """A title and a body within the limits."""

    title: str
    body: str


def note_text(title: str, body: str) -> Text:
    return Text(title_text(title), body_text(body))


def title_text(title: str) -> str:
    """The one rule of what a title is: a line that shows something."""
    title = title.strip()
    return _told(title, TITLE_CHARACTERS, InvalidTitle, unfit=_NOT_IN_A_LINE)


def body_text(body: str) -> str:
    body = with_our_line_ends(body)
    # The count of characters first: it is free, and no text is shorter in UTF-8.
    if len(body) > BODY_BYTES:
        raise BodyTooLong(BODY_BYTES)
    if _UNSTORABLE.search(body):
        raise InvalidBody
    if len(body.encode()) > BODY_BYTES:
        raise BodyTooLong(BODY_BYTES)
    return body


def comment_text(said: str) -> str:
    said = with_our_line_ends(said).strip()
    return _told(said, COMMENT_CHARACTERS, InvalidComment, unfit=_UNSTORABLE)


def note_key(key: str) -> str:
    if not is_note_key(key):
        raise InvalidKey
    return key


def is_note_key(key: str) -> bool:
    return _KEY.fullmatch(key) is not None and key not in RESERVED_KEYS


def search_text(query: str) -> str:
    query = query.strip()
    if len(query) > SEARCH_CHARACTERS or _UNSTORABLE.search(query):
        raise InvalidSearch(SEARCH_CHARACTERS)
    return query


def idempotency_key(key: str) -> str:
    if len(key) > IDEMPOTENCY_KEY_CHARACTERS or not _VISIBLE_ASCII.fullmatch(key):
        raise InvalidIdempotencyKey(IDEMPOTENCY_KEY_CHARACTERS)
    return key


def with_our_line_ends(text: str) -> str:
    return _LINE_END.sub("\n", text)


def _told(
    text: str,
    limit: int,
    refusal: type[InvalidTitle] | type[InvalidComment],
    *,
    unfit: re.Pattern[str],
) -> str:
    if len(text) > limit:
        raise refusal("too_long", limit, len(text))
    if unfit.search(text):
        raise refusal("unfit", limit, len(text))
    if shows_nothing(text):
        raise refusal("blank", limit, len(text))
    return text
