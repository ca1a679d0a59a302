"""The JSON of a note's versions."""

from typing import Annotated

from pydantic import BaseModel, Field

from notes_service.domain.versions import Version, Via, WholeVersion
from notes_service.representations.parts import Json, Moment, Out, PersonOut, as_json


class VersionOut(Out):
    """A version as the history lists it."""

    version: Annotated[
        int, Field(description="Numbers have gaps: a note that is deleted counts up, too")
    ]
    title: str
    by: PersonOut
    at: Moment
    via: Annotated[
        Via,
        Field(
            description="`restore` without `restored_from` is the note's return from the trash;"
            " versions of before 0.2 are all `page`"
        ),
    ]
    restored_from: int | None
    changed_lines: Annotated[
        int | None,
        Field(
            description="Lines that it added or changed; null for a first version, and where"
            " they were not counted"
        ),
    ]
    deleted: Annotated[
        bool, Field(description="An administrator has deleted its title and body for good")
    ]


class WholeVersionOut(VersionOut):
    """A version with its text."""

    body: str


class VersionsOut(BaseModel):
    """A part of a note's versions, newest first; `next` is the cursor of those before."""

    versions: list[VersionOut]
    next: str | None


def version(kept: Version) -> Json:
    """Return a VersionOut as JSON."""
    return as_json(VersionOut, kept)


def whole_version(kept: WholeVersion) -> Json:
    """Return a WholeVersionOut as JSON."""
    return {**version(kept.version), "body": kept.body}
