"""The JSON of comments."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from notes_service.domain import limits, notes
from notes_service.representations.parts import In, Json, Moment, PersonOut


class CommentIn(In):
    """What the caller says to a note."""

    text: Annotated[
        str, Field(description=f"1 to {limits.COMMENT_CHARACTERS} characters, stripped")
    ]


class CommentOut(BaseModel):
    """A comment: `text` as it was typed, and `html`, what is shown of it, sanitised.

    `html` is phrasing content whose line breaks are LF; left out where it is not made yet.
    """

    model_config = ConfigDict(from_attributes=True)

    id: int
    author: PersonOut
    text: str
    html: str | None = None
    created_at: Moment
    version: Annotated[
        int, Field(description="Its ETag: counts up with each change; left out while it is 1")
    ] = 1
    edited_at: Annotated[
        Moment | None, Field(description="When its text was changed; left out if never")
    ] = None


class CommentsOut(BaseModel):
    """A part of a note's comments; `earlier` is the cursor of those before."""

    comments: list[CommentOut]
    earlier: str | None
    total: int


class CommentVersionOut(BaseModel):
    """A former text of a comment, and when it was written."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    text: str
    at: Moment


class CommentVersionsOut(BaseModel):
    """The former texts of a comment, newest first, at most a hundred."""

    versions: list[CommentVersionOut]


def comment(written: notes.Comment) -> Json:
    """Return a CommentOut as JSON: what it does not have is left out."""
    return CommentOut.model_validate(written).model_dump(mode="json", exclude_defaults=True)


def comment_versions(former: Sequence[notes.CommentVersion]) -> Json:
    """Return a CommentVersionsOut as JSON."""
    versions = [CommentVersionOut.model_validate(each) for each in former]
    return CommentVersionsOut(versions=versions).model_dump(mode="json")
