"""Statements about the outbox: announcements that are committed and not yet published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CTE, Select, Text, bindparam, cast, func, insert, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.messages import Message
from notes_service.tables import outbox

_MESSAGES: Final = (
    func.unnest(
        cast(bindparam("channels"), ARRAY(Text)), cast(bindparam("payloads"), ARRAY(Text))
    )
    .table_valued("channel", "payload")
    .render_derived(name="messages")
)
_ADD: Final = insert(outbox).from_select(
    ["channel", "payload"], select(_MESSAGES.c.channel, _MESSAGES.c.payload)
)


def announced(changed: CTE) -> Select[Any]:
    """The id in `changed`, if there is one, after adding the bound messages to the outbox."""
    rows = select(_MESSAGES.c.channel, _MESSAGES.c.payload).select_from(
        changed.join(_MESSAGES, true())
    )
    added = insert(outbox).from_select(["channel", "payload"], rows).cte("announced")
    return select(changed.c.id).add_cte(added)


def bound(messages: Sequence[Message]) -> dict[str, list[str]]:
    """Return the parameters of `announced`."""
    return {
        "channels": [message.channel for message in messages],
        "payloads": [message.payload for message in messages],
    }


async def add(connection: AsyncConnection, messages: Sequence[Message]) -> None:
    """Add the messages to the outbox, in their order."""
    await connection.execute(_ADD, bound(messages))


async def measure(connection: AsyncConnection) -> tuple[int, datetime | None]:
    """How many wait, and since when the oldest does."""
    query = select(func.count(), func.min(outbox.c.created_at)).select_from(outbox)
    size, oldest = (await connection.execute(query)).one()
    return size, oldest
