"""What the routes have in common: answers, pages, and parameters of the same meaning."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Header, Query, Response

from notes_service.domain.notes import NoteSummary
from notes_service.representations import Json
from notes_service.routes.conditions import format_cursor
from notes_service.store.lists import Cursor

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
    found: Sequence[NoteSummary],
    limit: int,
    represent: Callable[[NoteSummary], Json],
    time: Callable[[NoteSummary], datetime],
) -> Response:
    """Return `limit` of the notes, with the cursor of the next page if there are more.

    `represent` makes a note's JSON; `time` is what the list is ordered by.
    """
    shown = found[:limit]
    has_more = len(found) > limit
    following = format_cursor(Cursor(time(shown[-1]), shown[-1].id)) if has_more else None
    content: dict[str, Any] = {"notes": [represent(note) for note in shown], "next": following}
    return answer(content)
