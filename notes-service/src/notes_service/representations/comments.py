"""The JSON of comments."""

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


class CommentsOut(BaseModel):
    """A part of a note's comments; `earlier` is the cursor of those before."""

    comments: list[CommentOut]
    earlier: str | None
    total: int


def comment(written: notes.Comment) -> Json:
    """Return a CommentOut as JSON."""
    return CommentOut.model_validate(written).model_dump(mode="json", exclude_none=True)
