"""The errors that this service answers with.

    NoteError                 code                        HTTP
    ├── Unauthenticated       unauthenticated             401
    ├── TokenRevoked          token_revoked               401
    ├── NotAllowed            not_allowed                 403
    ├── NoteNotFound          note_not_found              404
    ├── CommentNotFound       comment_not_found           404
    ├── VersionNotFound       version_not_found           404
    ├── NoteExists            note_exists                 409
    ├── VersionIsCurrent      version_is_current          409
    ├── NoteGone              note_deleted                410
    ├── VersionDeleted        version_deleted             410
    ├── VersionConflict       version_conflict            412
    ├── CommentConflict       comment_conflict            412
    ├── IfMatchRequired       if_match_required           428
    ├── InvalidInput          (those of `limits`, too)    422
    │   ├── InvalidCursor     invalid_cursor
    │   └── IdempotencyKeyReused   idempotency_key_reused
    ├── QuotaSpent            quota_spent                 429
    └── Unavailable           unavailable                 503

`code` is public: clients switch on it. `facts` are what a client may want to show. The class
decides both; the status stands in the one table of `routes.problems`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class NoteError(Exception):
    """A request that this service refuses; `str()` is a sentence for its client."""

    code: ClassVar[str]

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the answer says beside `code` and `detail`, as JSON."""
        return {}


class Unauthenticated(NoteError):
    """There is no token where one is needed, or one that is not valid."""

    code = "unauthenticated"

    def __str__(self) -> str:
        return "sign in and try again"


class TokenRevoked(NoteError):
    """The token is valid by its signature and was revoked: another one may do."""

    code = "token_revoked"

    def __str__(self) -> str:
        return "the session ended or changed: get a new token"


class NotAllowed(NoteError):
    """The caller's roles do not allow it, nor does what the caller wrote."""

    code = "not_allowed"


class NoteNotFound(NoteError):
    """No note has this key, live or in the trash."""

    code = "note_not_found"

    def __str__(self) -> str:
        return "there is no note with this key"


class CommentNotFound(NoteError):
    """The comment was deleted, or belongs to another note."""

    code = "comment_not_found"

    def __str__(self) -> str:
        return "the note has no such comment"


class VersionNotFound(NoteError):
    """The note has no version of this number, or not any more."""

    code = "version_not_found"

    def __str__(self) -> str:
        return "the note has no such version"


class VersionIsCurrent(NoteError):
    """The version is what the note reads now."""

    code = "version_is_current"

    def __str__(self) -> str:
        return "this is what the note reads now: save another text first"


class VersionDeleted(NoteError):
    """An administrator has deleted the text of this version."""

    code = "version_deleted"

    def __str__(self) -> str:
        return "the text of this version was deleted"


class NoteExists(NoteError):
    """A live note has this key."""

    code = "note_exists"

    def __init__(self, key: str) -> None:
        self.key = key

    def __str__(self) -> str:
        return "another note has this key"

    @property
    def facts(self) -> Mapping[str, Any]:
        """The key."""
        return {"key": self.key}


class NoteGone(NoteError):
    """The note lies in the trash. `at` is a time in RFC 3339."""

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
        """Which note it was, who deleted it, and when."""
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
        """The note as it reads now."""
        return {"current": self.current}


class CommentConflict(NoteError):
    """The comment changed since this person read it; `comment` is how it reads now."""

    code = "comment_conflict"

    def __init__(self, *, actual: int, comment: Any = None) -> None:
        self.actual = actual
        self.comment = comment

    def __str__(self) -> str:
        return f"the comment is at version {self.actual} by now"

    @property
    def facts(self) -> Mapping[str, Any]:
        """The comment as it reads now."""
        return {"comment": self.comment}


class IfMatchRequired(NoteError):
    """The request replaces or deletes something, and does not say which version it has read."""

    code = "if_match_required"

    def __str__(self) -> str:
        return 'say which version you read: If-Match: "<version>"'


class InvalidInput(NoteError):
    """Something in the request is outside of its limits, or is not what it should be."""


class InvalidCursor(InvalidInput):
    """The cursor is none that this service made."""

    code = "invalid_cursor"

    def __str__(self) -> str:
        return "a cursor comes from an earlier answer; start again without one"


class InvalidVersion(InvalidInput):
    """The note has not had so many versions yet."""

    code = "invalid_version"

    def __init__(self, current: int) -> None:
        self.current = current

    def __str__(self) -> str:
        return f"the note is at version {self.current}"


class IdempotencyKeyReused(InvalidInput):
    """The same person has sent another request with this key."""

    code = "idempotency_key_reused"

    def __str__(self) -> str:
        return "this Idempotency-Key was used for another request"


class QuotaSpent(NoteError):
    """The person wrote as much today as one may; `retry_after` seconds are left of the day."""

    code = "quota_spent"

    def __init__(self, limit: int, *, retry_after: int) -> None:
        self.limit = limit
        self.retry_after = retry_after

    def __str__(self) -> str:
        mib = self.limit / 2**20
        return f"one person writes at most {mib:g} MiB a day: nothing was saved, go on tomorrow"

    @property
    def facts(self) -> Mapping[str, Any]:
        """The limit, in bytes."""
        return {"limit": self.limit}


class Unavailable(NoteError):
    """What this service needs is away or too busy; nothing is wrong with the request."""

    code = "unavailable"

    def __str__(self) -> str:
        return "the service cannot do this now; try again soon"
