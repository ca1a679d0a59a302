"""The keys that sign access tokens: made, published, used and retired.

Keys are in the database, encrypted, and the same in every replica. A key is published before it
signs, for longer than anyone may cache the key set, and stays published until the last token it
signed has expired: a rotation rejects no valid token. Sources: RFC 7517, RFC 8037.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.algorithms import OKPAlgorithm
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service.crypto import encryption
from users_service.crypto.encryption import DecryptionError, Encryptor
from users_service.tables import SigningKeyRow

log = logging.getLogger(__name__)

JWKS_MAX_AGE: Final = timedelta(minutes=5)
"""How long others may cache the key set."""

_USED_FOR: Final = timedelta(days=30)
_PUBLISHED_BEFORE: Final = timedelta(days=1)
_KEPT_AFTER: Final = timedelta(hours=1)
_SOON: Final = timedelta(minutes=15)
_READ_EVERY: Final = timedelta(minutes=1)
_LOCK: Final = 5_858_002


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key; it signs from `active_from` until a newer one does."""

    kid: str
    private: Ed25519PrivateKey
    active_from: datetime

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as a JWK (RFC 8037), with `kid`, `alg` and `use`."""
        public = OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "alg": "EdDSA", "use": "sig"}


class SigningKeys:
    """Signs access tokens and publishes the keys for it, which it reads once a minute."""

    def __init__(
        self,
        database: async_sessionmaker[AsyncSession],
        encryptor: Encryptor,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._encryptor = encryptor
        self._now = now
        self._known: list[SigningKey] = []
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def sign(self, claims: dict[str, Any]) -> str:
        """Return the claims as a JWT, signed with EdDSA by the newest active key."""
        now = self._now()
        active = [key for key in await self._all() if key.active_from <= now]
        newest = max(active, key=lambda key: key.active_from)
        return jwt.encode(claims, newest.private, "EdDSA", headers={"kid": newest.kid})

    async def published(self) -> dict[str, Any]:
        """Return the JWK set (RFC 7517): keys that sign now, sign next or signed lately."""
        return {"keys": [key.jwk for key in await self._all()]}

    async def keep_fresh(self) -> None:
        """Make the first key, or the next one in time, and drop those nobody needs.

        Safe to call at any time and from any replica.
        """
        now = self._now()
        async with self._database.begin() as session:
            rows = await _locked(session)
            newest = max((row.active_from for row in rows), default=None)
            if newest is None:
                session.add(self._new_key(now, active_from=now))
            elif now >= newest + _USED_FOR - _PUBLISHED_BEFORE:
                session.add(
                    self._new_key(now, active_from=max(newest + _USED_FOR, now + _SOON))
                )
            await _drop_unneeded(session, rows, now)
        self._read_at = None
        await self._all()

    async def rotate(self, *, at_once: bool = False) -> str:
        """Make a new key, which signs in 15 minutes, and return its id.

        With `at_once`, for a stolen key, it signs from now on and the others are deleted:
        tokens they signed are refused as soon as others read the key set again. Replicas notice
        within a minute.
        """
        now = self._now()
        async with self._database.begin() as session:
            rows = await _locked(session)
            fresh = self._new_key(now, active_from=now if at_once or not rows else now + _SOON)
            kid = fresh.kid
            session.add(fresh)
            if at_once:
                known = [row.kid for row in rows]
                await session.execute(delete(SigningKeyRow).where(SigningKeyRow.kid.in_(known)))
        self._read_at = None
        return kid

    async def _all(self) -> list[SigningKey]:
        async with self._reading:
            now = self._now()
            if self._read_at is None or now - self._read_at >= _READ_EVERY:
                await self._read()
                self._read_at = now
            return self._known

    async def _read(self) -> None:
        try:
            async with self._database() as session:
                rows = await session.scalars(select(SigningKeyRow))
                self._known = [self._key(row) for row in rows]
        except (SQLAlchemyError, OSError, DecryptionError) as error:
            if not self._known:
                raise
            # Better keys of a minute ago than nobody signed in.
            log.warning("keys: not read (%s), using known ones", type(error).__name__)

    def _new_key(self, now: datetime, *, active_from: datetime) -> SigningKeyRow:
        kid = uuid4().hex
        private = Ed25519PrivateKey.generate().private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
        )
        return SigningKeyRow(
            kid=kid,
            private_key=self._encryptor.encrypt(private, encryption.signing_key_context(kid)),
            created_at=now,
            active_from=active_from,
        )

    def _key(self, row: SigningKeyRow) -> SigningKey:
        decrypted = self._encryptor.decrypt(
            row.private_key, encryption.signing_key_context(row.kid)
        )
        private = load_der_private_key(decrypted, password=None)
        assert isinstance(private, Ed25519PrivateKey)
        return SigningKey(row.kid, private, row.active_from)


async def _locked(session: AsyncSession) -> list[SigningKeyRow]:
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    rows = await session.scalars(select(SigningKeyRow).order_by(SigningKeyRow.active_from))
    return list(rows)


async def _drop_unneeded(
    session: AsyncSession, rows: list[SigningKeyRow], now: datetime
) -> None:
    for row, successor in pairwise(rows):
        if now >= successor.active_from + _KEPT_AFTER:
            await session.delete(row)
