"""The JSON of requests, checked here, and of answers, described here.

Answers are made by `forms`; these classes say in OpenAPI what they hold, and tests hold the
answers against them.
"""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from notes_service import texts

Title = Annotated[
    str,
    Field(
        description=f"A line of 1 to {texts.TITLE_CHARACTERS} characters that shows something"
    ),
]
Body = Annotated[str, Field(description=f"Markdown, at most {texts.BODY_BYTES} bytes in UTF-8")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoteIn(_In):
    title: Title
    body: Body


class NewNoteIn(NoteIn):
    key: Annotated[
        str | None,
        Field(description="1 to 64 of A-Z a-z 0-9 . _ ~ -; made if it is left out"),
    ] = None


class CommentIn(_In):
    text: Annotated[
        str, Field(description=f"1 to {texts.COMMENT_CHARACTERS} characters, stripped")
    ]


class PreviewIn(_In):
    body: Body


class PersonOut(BaseModel):
    id: str
    name: str


class NoteRowOut(BaseModel):
    key: str
    title: str
    excerpt: str
    version: int
    comments: int
    author: PersonOut
    editor: PersonOut
    created_at: AwareDatetime
    updated_at: AwareDatetime


class NoteOut(NoteRowOut):
    body: str
    html: str


class PieceOut(BaseModel):
    text: str
    hit: bool


class FoundOut(BaseModel):
    """All of the title, and the passage around the first hit of the text, empty without one."""

    title: list[PieceOut]
    passage: list[PieceOut]


class FoundRowOut(NoteRowOut):
    found: FoundOut | None = None


class NotesOut(BaseModel):
    """`found` and `total` where `q` was asked for."""

    notes: list[FoundRowOut]
    next: str | None
    total: Annotated[int | None, Field(description="1001 stands for more than 1000")] = None


class DeletionOut(BaseModel):
    by: PersonOut
    at: AwareDatetime


class TrashedOut(NoteRowOut):
    deletion: DeletionOut


class TrashOut(BaseModel):
    notes: list[TrashedOut]
    next: str | None


class CommentOut(BaseModel):
    id: int
    author: PersonOut
    text: str
    created_at: AwareDatetime


class CommentsOut(BaseModel):
    comments: list[CommentOut]
    earlier: str | None
    total: int


class PreviewOut(BaseModel):
    html: str


class ProblemOut(BaseModel):
    """RFC 9457. Switch on `code`; other members depend on it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    current: NoteOut | None = None


def json_schema_of_problem() -> dict[str, Any]:
    return ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
