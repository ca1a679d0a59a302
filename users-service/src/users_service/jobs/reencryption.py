"""Encrypts, at every start, what is in clear or under an old key.

One transaction under a lock, however many replicas start together. What no key decrypts is left
as it is: a person's lost app can still be removed, and signing keys can be made again.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service.crypto import encryption
from users_service.crypto.encryption import DecryptionError, Encryptor
from users_service.tables import SigningKeyRow, TotpRow

_LOCK: Final = 5_858_003


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecryptable:
    """How many rows none of our keys decrypts."""

    signing_keys: int
    totp_secrets: int


async def reencrypt(
    database: async_sessionmaker[AsyncSession], encryptor: Encryptor
) -> Undecryptable:
    """Encrypt every signing key and app secret with the first key, in one transaction."""
    signing_keys = totp_secrets = 0
    async with database.begin() as session:
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        query = select(SigningKeyRow).where(_not_under(encryptor, SigningKeyRow.private_key))
        for key in await session.scalars(query.with_for_update()):
            context = encryption.signing_key_context(key.kid)
            signing_keys += not _renew(encryptor, key, "private_key", context)
        query_totp = select(TotpRow).where(_not_under(encryptor, TotpRow.secret))
        for totp in await session.scalars(query_totp.with_for_update()):
            context = encryption.totp_context(totp.account_id)
            totp_secrets += not _renew(encryptor, totp, "secret", context)
    return Undecryptable(signing_keys=signing_keys, totp_secrets=totp_secrets)


def _not_under(encryptor: Encryptor, column: Any) -> ColumnElement[bool]:
    head: ColumnElement[bool] = (
        func.substr(column, 1, len(encryptor.header)) != encryptor.header
    )
    return head


def _renew(encryptor: Encryptor, row: Any, column: str, context: str) -> bool:
    try:
        setattr(row, column, encryptor.reencrypted(getattr(row, column), context))
    except DecryptionError:
        return False
    return True
