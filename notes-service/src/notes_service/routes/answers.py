"""What the routes have in common: answers, pages, and parameters of the same meaning."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Header, Query, Response

from notes_service.domain import NoteRow
from notes_service.forms import Json
from notes_service.routes.conditions import cursor_after
from notes_service.store.lists import Place

LARGEST_PAGE: Final = 100

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
Cursor = Annotated[str | None, Query(description="Where the page before ended: its `next`")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A repeated request with the same key (24 h) gets the first one's answer",
    ),
]


def answer(content: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON straight from `forms`; the models in OpenAPI describe it and do not copy it."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, headers, media_type="application/json")


def page(
    found: Sequence[NoteRow],
    limit: int,
    form: Callable[[NoteRow], Json],
    time: Callable[[NoteRow], datetime],
) -> Response:
    """`limit` of the rows, with the place of the next page if there are more than that."""
    shown = found[:limit]
    has_more = len(found) > limit
    following = cursor_after(Place(time(shown[-1]), shown[-1].id)) if has_more else None
    content: dict[str, Any] = {"notes": [form(row) for row in shown], "next": following}
    return answer(content)
