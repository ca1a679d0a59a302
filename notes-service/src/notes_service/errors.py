"""Every way in which this service says no.

    NoteError                 code                        HTTP
    ├── Unauthenticated       unauthenticated             401
    ├── TokenRevoked          token_revoked               401
    ├── NotAllowed            not_allowed                 403
    ├── NoteNotFound          note_not_found              404
    ├── CommentNotFound       comment_not_found           404
    ├── NoteExists            note_exists                 409
    ├── NoteGone              note_deleted                410
    ├── VersionConflict       version_conflict            412
    ├── IfMatchRequired       if_match_required           428
    ├── InvalidKey, InvalidTitle, InvalidBody, BodyTooLong, InvalidComment,
    │   InvalidCursor, InvalidSearch, InvalidIdempotencyKey, IdempotencyKeyReused   422
    ├── QuotaSpent            quota_spent                 429
    └── Unavailable           unavailable                 503

`code` is public: clients switch on it. `facts` are what a client may want to show. The class
decides both; the status stands in the one table of `routes.problems`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class NoteError(Exception):
    """A rule said no."""

    code: ClassVar[str]

    @property
    def facts(self) -> Mapping[str, Any]:
        return {}


class Unauthenticated(NoteError):
    code = "unauthenticated"

    def __str__(self) -> str:
        return "sign in and try again"


class TokenRevoked(NoteError):
    """Good by its signature, taken back by its issuer: another one may do."""

    code = "token_revoked"

    def __str__(self) -> str:
        return "the session ended or changed: get a new token"


class NotAllowed(NoteError):
    code = "not_allowed"


class NoteNotFound(NoteError):
    code = "note_not_found"

    def __str__(self) -> str:
        return "there is no note with this key"


class CommentNotFound(NoteError):
    code = "comment_not_found"

    def __str__(self) -> str:
        return "the note has no such comment"


class NoteExists(NoteError):
    code = "note_exists"

    def __init__(self, key: str) -> None:
        self.key = key

    def __str__(self) -> str:
        return "another note has this key"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"key": self.key}


class NoteGone(NoteError):
    """It lies in the trash."""

    code = "note_deleted"

    def __init__(self, key: str, title: str, *, by: Mapping[str, str], at: str) -> None:
        self.key = key
        self.note_title = title
        self.by = by
        self.at = at

    def __str__(self) -> str:
        return "the note was deleted"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"key": self.key, "note_title": self.note_title, "by": self.by, "at": self.at}


class VersionConflict(NoteError):
    """The note moved on since this person read it. `current` is what it reads now."""

    code = "version_conflict"

    def __init__(self, key: str, *, actual: int, current: Any = None) -> None:
        self.key = key
        self.actual = actual
        self.current = current

    def __str__(self) -> str:
        return f"the note is at version {self.actual} by now"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"current": self.current}


class IfMatchRequired(NoteError):
    code = "if_match_required"

    def __str__(self) -> str:
        return 'say which version you read: If-Match: "<version>"'


class InvalidKey(NoteError):
    code = "invalid_key"

    def __str__(self) -> str:
        return "a key has 1 to 64 of A-Z a-z 0-9 . _ ~ - and is not a word of the pages"


class _NotTold(NoteError):
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
        return {"reason": self.reason, "limit": self.limit, "length": self.length}


class InvalidTitle(_NotTold):
    code = "invalid_title"
    what = "a title"
    may_not_hold = "line breaks, tabs or other control characters"


class InvalidComment(_NotTold):
    code = "invalid_comment"
    what = "a comment"
    may_not_hold = "NUL and no half of a surrogate pair"


class BodyTooLong(NoteError):
    code = "body_too_long"

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __str__(self) -> str:
        return f"a body has at most {self.limit} bytes in UTF-8"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"limit": self.limit}


class InvalidBody(NoteError):
    code = "invalid_body"

    def __str__(self) -> str:
        return "a body holds no NUL and no half of a surrogate pair"


class InvalidCursor(NoteError):
    code = "invalid_cursor"

    def __str__(self) -> str:
        return "a cursor comes from an earlier answer; start again without one"


class InvalidSearch(NoteError):
    code = "invalid_search"

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __str__(self) -> str:
        return f"a search has at most {self.limit} characters, none of them NUL"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"limit": self.limit}


class InvalidIdempotencyKey(NoteError):
    code = "invalid_idempotency_key"

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __str__(self) -> str:
        return f"an Idempotency-Key has 1 to {self.limit} visible ASCII characters"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"limit": self.limit}


class IdempotencyKeyReused(NoteError):
    code = "idempotency_key_reused"

    def __str__(self) -> str:
        return "this Idempotency-Key was used for another request"


class QuotaSpent(NoteError):
    """This person wrote as much today as one may; `retry_after` seconds are left of the day."""

    code = "quota_spent"

    def __init__(self, limit: int, *, retry_after: int) -> None:
        self.limit = limit
        self.retry_after = retry_after

    def __str__(self) -> str:
        mib = self.limit / 2**20
        return f"one person writes at most {mib:g} MiB a day: nothing was saved, go on tomorrow"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"limit": self.limit}


class Unavailable(NoteError):
    """What this service needs is away or too busy; nothing is wrong with the request."""

    code = "unavailable"

    def __str__(self) -> str:
        return "the service cannot do this now; try again soon"
