"""What the routes have in common: answers, pages, and parameters of the same meaning."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Header, Query, Response

from notes_service.representations import Json
from notes_service.routes.conditions import format_cursor
from notes_service.store.lists import Cursor

T = TypeVar("T")

LARGEST_PAGE: Final = 100

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
CursorParameter = Annotated[
    str | None, Query(description="Where the page before ended: its `next`")
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A repeated request with the same key (24 h) gets the first one's answer",
    ),
]


def answer(content: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return JSON as `representations` makes it; the models in OpenAPI describe it."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, headers, media_type="application/json")


def page(
    found: Sequence[T],
    limit: int,
    represent: Callable[[T], Json],
    place: Callable[[T], Cursor],
) -> Response:
    """Return `limit` of what was found, with the cursor of the next page if there is more.

    `represent` makes a note's JSON; `place` is where it stands in the list.
    """
    shown = found[:limit]
    following = format_cursor(place(shown[-1])) if len(found) > limit else None
    return answer({"notes": [represent(each) for each in shown], "next": following})
