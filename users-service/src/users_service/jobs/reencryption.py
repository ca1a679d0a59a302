"""Seals what lies in the database in clear, or under a key that is to go. Done at every start.

One transaction under a lock, however many replicas start together. What no key opens is left
as it is: a person's lost app can still be removed, and signing keys can be made anew.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service.crypto import encryption
from users_service.crypto.encryption import CannotOpen, Seal
from users_service.tables import SigningKeyRow, TotpRow

_LOCK: Final = 5_858_003


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """How many no key of ours opens."""

    signing_keys: int
    totp_secrets: int


async def reseal(database: async_sessionmaker[AsyncSession], seal: Seal) -> Lost:
    signing_keys = totp_secrets = 0
    async with database.begin() as session:
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        query = select(SigningKeyRow).where(_not_under(seal, SigningKeyRow.private_key))
        for key in await session.scalars(query.with_for_update()):
            about = encryption.of_signing_key(key.kid)
            signing_keys += not _renew(seal, key, "private_key", about)
        query_totp = select(TotpRow).where(_not_under(seal, TotpRow.secret))
        for totp in await session.scalars(query_totp.with_for_update()):
            about = encryption.of_totp(totp.account_id)
            totp_secrets += not _renew(seal, totp, "secret", about)
    return Lost(signing_keys=signing_keys, totp_secrets=totp_secrets)


def _not_under(seal: Seal, column: Any) -> ColumnElement[bool]:
    head: ColumnElement[bool] = func.substr(column, 1, len(seal.head)) != seal.head
    return head


def _renew(seal: Seal, row: Any, column: str, about: str) -> bool:
    try:
        setattr(row, column, seal.renewed(getattr(row, column), about))
    except CannotOpen:
        return False
    return True
