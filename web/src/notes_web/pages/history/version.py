"""One version: its text, and what changed from another one to it."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from notes_web.clients.http import Refused
from notes_web.clients.notes_types import WholeVersionOut
from notes_web.pages.history import stored, words
from notes_web.pages.notes.draft import text_of
from notes_web.request_context import CurrentContext, RequestContext
from notes_web.text import changes
from notes_web.token_retry import TokenRetryRoute

router = APIRouter(route_class=TokenRetryRoute)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What leads from the older one of two versions to the newer."""

    old: int
    new: int
    title: list[changes.Row]
    body: list[changes.Row]

    @property
    def is_empty(self) -> bool:
        """Whether both have the same title and text."""
        return all(row.kind in ("same", "folded") for row in [*self.title, *self.body])


@router.get("/notes/{key}/history/{n}")
async def one(
    context: CurrentContext,
    key: str,
    n: str,
    other: Annotated[str, Query(alias="with")] = "",
) -> Response:
    """Shows a version, compared with another one, or with the one before it."""
    return await shown(context, key, stored.demanded(n), other=stored.number(other))


async def shown(
    context: RequestContext,
    key: str,
    n: int,
    *,
    other: int | None = None,
    status: int = 200,
    **facts: Any,
) -> Response:
    """The version's page; `facts` say why it was not brought back."""
    try:
        note = await context.site.notes.read(context.principal.token, key)
        version = await stored.version(context, key, n)
        base = await _base(context, key, version, other)
    except Refused as refusal:
        context.ask_to_sign_in(refusal)
        raise
    page: dict[str, Any] = {
        "note": note,
        "version": version,
        "did": words.did(version),
        "is_current": text_of(version) == text_of(note),
        "comparison": await asyncio.to_thread(_compared, base, version) if base else None,
        "problem": "",
    }
    return context.render("version.html", status=status, **(page | facts))


async def _base(
    context: RequestContext, key: str, version: WholeVersionOut, other: int | None
) -> WholeVersionOut | None:
    """What it is compared with; None if it is the first one, or the other one is itself."""
    if other is None:
        return await stored.before(context, key, version["version"])
    base = await stored.version(context, key, other)
    return None if base["version"] == version["version"] else base


def _compared(one: WholeVersionOut, other: WholeVersionOut) -> Comparison:
    old, new = sorted((one, other), key=lambda each: each["version"])
    before, after = text_of(old), text_of(new)
    return Comparison(
        old["version"],
        new["version"],
        changes.of_line(before.title, after.title),
        changes.between(before.body, after.body),
    )
