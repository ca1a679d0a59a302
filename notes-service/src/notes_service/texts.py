"""What people may type, and how much of it: every limit and every check of a text.

Pure. What these functions return can be stored in PostgreSQL and sent as UTF-8, and its lines
end with LF, whoever sent it: texts that differ in nothing else are the same text.
"""

import re
from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, slots=True)
class Text:
    """A title and a body within the limits."""

    title: str
    body: str


def note_text(title: str, body: str) -> Text:
    return Text(_line(title, TITLE_CHARACTERS, InvalidTitle), body_text(body))


def body_text(body: str) -> str:
    body = _with_our_line_ends(body)
    # The count of characters first: it is free, and no text is shorter in UTF-8.
    if len(body) > BODY_BYTES:
        raise BodyTooLong(BODY_BYTES)
    if _UNSTORABLE.search(body):
        raise InvalidBody
    if len(body.encode()) > BODY_BYTES:
        raise BodyTooLong(BODY_BYTES)
    return body


def comment_text(said: str) -> str:
    return _line(said, COMMENT_CHARACTERS, InvalidComment)


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


def _with_our_line_ends(text: str) -> str:
    return _LINE_END.sub("\n", text)


def _line(text: str, limit: int, refusal: type[InvalidTitle] | type[InvalidComment]) -> str:
    text = _with_our_line_ends(text).strip()
    if not 1 <= len(text) <= limit or _UNSTORABLE.search(text):
        raise refusal(limit, len(text))
    return text
