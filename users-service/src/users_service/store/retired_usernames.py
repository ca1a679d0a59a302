"""Statements about usernames of deleted accounts, which stay reserved for a while.

Stored as hashes, so that the table does not say who was here.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.crypto.random_tokens import digest
from users_service.domain.accounts import username_key
from users_service.tables import RetiredUsernameRow


async def retire(session: AsyncSession, username: str, *, free_at: datetime) -> None:
    """Reserve the name of a deleted account until `free_at`, whatever was set before."""
    row = {"name_hash": digest(username_key(username)), "free_at": free_at}
    retired = insert(RetiredUsernameRow).values(**row)
    await session.execute(
        retired.on_conflict_do_update(index_elements=["name_hash"], set_={"free_at": free_at})
    )


async def is_retired(session: AsyncSession, username: str, *, now: datetime) -> bool:
    """Whether the name, or one that looks the same, is still reserved."""
    query = select(RetiredUsernameRow.free_at).where(
        RetiredUsernameRow.name_hash == digest(username_key(username)),
        RetiredUsernameRow.free_at > now,
    )
    return await session.scalar(query) is not None


async def forget_free(session: AsyncSession, *, now: datetime) -> None:
    """Delete the reservations that have expired."""
    free = delete(RetiredUsernameRow).where(RetiredUsernameRow.free_at <= now)
    await session.execute(free)
