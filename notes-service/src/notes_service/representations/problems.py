"""The JSON of refusals."""

from pydantic import BaseModel, ConfigDict

from notes_service.representations.notes import NoteOut
from notes_service.representations.parts import Json


class ProblemOut(BaseModel):
    """RFC 9457. Switch on `code`; other members depend on it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    current: NoteOut | None = None


def json_schema_of_problem() -> Json:
    """Return what OpenAPI says of an error, with references to its components."""
    return ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
