"""What the JSON of requests, answers and events has in common."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from notes_service.domain import notes

Json = dict[str, Any]


def time(moment: datetime) -> str:
    """Return the time in RFC 3339, as in all answers and events."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Moment = Annotated[
    AwareDatetime,
    PlainSerializer(time),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class In(BaseModel):
    """What a request holds: nothing that is not named."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """What an answer holds, made from a record of the same fields."""

    model_config = ConfigDict(from_attributes=True)


class PersonOut(Out):
    """Somebody, under the name that they had when they acted."""

    id: str
    name: str


def person(someone: notes.Person) -> Json:
    """Return a PersonOut as JSON."""
    return as_json(PersonOut, someone)


def as_json(kind: type[Out], thing: object) -> Json:
    """Return the record as JSON of this kind."""
    return kind.model_validate(thing).model_dump(mode="json")
