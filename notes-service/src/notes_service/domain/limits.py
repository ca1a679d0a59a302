"""What people may type, and how much of it: every limit, its check and its error.

What these functions return can be stored in PostgreSQL and sent as UTF-8, and its lines end
with LF, whoever sent it: texts that differ in nothing else are the same text.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, NamedTuple

from service_data.visibility import shows_nothing

from notes_service.domain.errors import InvalidInput

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


class InvalidKey(InvalidInput):
    """The key has a wrong character or length, or is a word of the pages' addresses."""

    code = "invalid_key"

    def __str__(self) -> str:
        return "a key has 1 to 64 of A-Z a-z 0-9 . _ ~ - and is not a word of the pages"


class _InvalidText(InvalidInput):
    """`reason` is "blank", "too_long" or "unfit"."""

    what: ClassVar[str]
    may_not_hold: ClassVar[str]

    def __init__(self, reason: str, limit: int, length: int) -> None:
        self.reason = reason
        self.limit = limit
        self.length = length

    def __str__(self) -> str:
        match self.reason:
            case "blank":
                return f"{self.what} shows something: one of spaces and signs unseen is none"
            case "unfit":
                return f"{self.what} holds no {self.may_not_hold}"
        return f"{self.what} has 1 to {self.limit} characters, not {self.length}"

    @property
    def facts(self) -> Mapping[str, Any]:
        """The reason, and limit and length in characters."""
        return {"reason": self.reason, "limit": self.limit, "length": self.length}


class InvalidTitle(_InvalidText):
    """The title is too long, more than a line, or shows nothing."""

    code = "invalid_title"
    what = "a title"
    may_not_hold = "line breaks, tabs or other control characters"


class InvalidComment(_InvalidText):
    """The comment is too long, cannot be stored, or shows nothing."""

    code = "invalid_comment"
    what = "a comment"
    may_not_hold = "NUL and no half of a surrogate pair"


class InvalidBody(InvalidInput):
    """The body holds what cannot be stored."""

    code = "invalid_body"

    def __str__(self) -> str:
        return "a body holds no NUL and no half of a surrogate pair"


class _OverLimit(InvalidInput):
    """`limit` is what is allowed."""

    sentence: ClassVar[str]

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __str__(self) -> str:
        return self.sentence.format(self.limit)

    @property
    def facts(self) -> Mapping[str, Any]:
        """The limit."""
        return {"limit": self.limit}


class BodyTooLong(_OverLimit):
    """The body has more than `limit` bytes."""

    code = "body_too_long"
    sentence = "a body has at most {} bytes in UTF-8"


class InvalidSearch(_OverLimit):
    """What is looked for has more than `limit` characters, or NUL."""

    code = "invalid_search"
    sentence = "a search has at most {} characters, none of them NUL"


class InvalidIdempotencyKey(_OverLimit):
    """The Idempotency-Key is empty, too long, or not visible ASCII."""

    code = "invalid_idempotency_key"
    sentence = "an Idempotency-Key has 1 to {} visible ASCII characters"


class Text(NamedTuple):
    """What people write in a note, within the limits."""

    title: str
    body: str


class Draft(NamedTuple):
    """What somebody typed to be a note's text, not checked yet."""

    title: str
    body: str

    def checked(self) -> Text:
        """Return the text; raise InvalidTitle, InvalidBody or BodyTooLong if it is not one."""
        return Text(title_text(self.title), body_text(self.body))


def title_text(title: str) -> str:
    """Return the title without spaces around it, which is one line that shows something.

    Raises InvalidTitle. No other rule says what a title is.
    """
    title = title.strip()
    return _within(title, TITLE_CHARACTERS, InvalidTitle, unfit=_NOT_IN_A_LINE)


def body_text(body: str) -> str:
    """Return the body with our line ends; raise BodyTooLong or InvalidBody."""
    body = with_our_line_ends(body)
    # The count of characters first: it is free, and no text is shorter in UTF-8.
    if len(body) > BODY_BYTES:
        raise BodyTooLong(BODY_BYTES)
    if _UNSTORABLE.search(body):
        raise InvalidBody
    if len(body.encode()) > BODY_BYTES:
        raise BodyTooLong(BODY_BYTES)
    return body


def comment_text(text: str) -> str:
    """Return the comment with our line ends and without spaces around it.

    Raises InvalidComment.
    """
    text = with_our_line_ends(text).strip()
    return _within(text, COMMENT_CHARACTERS, InvalidComment, unfit=_UNSTORABLE)


def note_key(key: str) -> str:
    """Return the key that somebody chose; raise InvalidKey if a note cannot have it."""
    if not is_note_key(key):
        raise InvalidKey
    return key


def is_note_key(key: str) -> bool:
    """Return whether a note can have this key."""
    return _KEY.fullmatch(key) is not None and key not in RESERVED_KEYS


def search_text(query: str) -> str:
    """Return what is looked for without spaces around it; raise InvalidSearch."""
    query = query.strip()
    if len(query) > SEARCH_CHARACTERS or _UNSTORABLE.search(query):
        raise InvalidSearch(SEARCH_CHARACTERS)
    return query


def idempotency_key(key: str) -> str:
    """Return the key; raise InvalidIdempotencyKey."""
    if len(key) > IDEMPOTENCY_KEY_CHARACTERS or not _VISIBLE_ASCII.fullmatch(key):
        raise InvalidIdempotencyKey(IDEMPOTENCY_KEY_CHARACTERS)
    return key


def with_our_line_ends(text: str) -> str:
    """Return the text with LF for CR and CRLF."""
    return _LINE_END.sub("\n", text)


def _within(text: str, limit: int, error: type[_InvalidText], *, unfit: re.Pattern[str]) -> str:
    if len(text) > limit:
        raise error("too_long", limit, len(text))
    if unfit.search(text):
        raise error("unfit", limit, len(text))
    if shows_nothing(text):
        raise error("blank", limit, len(text))
    return text
