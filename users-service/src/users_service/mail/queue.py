"""Writes letters into the database, in the transaction of what they are about.

`Mailing` sends them. Whom a letter goes to and the link in it lie there sealed: neither a copy
of the database nor a log tells them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from users_service import store
from users_service.crypto import encryption
from users_service.crypto.encryption import Seal
from users_service.domain.emails import Kind
from users_service.domain.errors import MailOff
from users_service.tables import LetterRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    seal: Seal
    is_on: bool
    """False: no SMTP server is set up, so nothing is written."""

    def require(self) -> None:
        if not self.is_on:
            raise MailOff

    async def write(
        self,
        session: AsyncSession,
        kind: Kind,
        secrets: Mapping[str, str],
        *,
        account_id: UUID | None,
        now: datetime,
        expires_at: datetime,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """`secrets`: "to", whom it goes to, "token", and what else nobody may read."""
        about = encryption.of_letter(account_id)
        await store.emails.add(
            session,
            (kind, facts or {}),
            now=now,
            expires_at=expires_at,
            account_id=account_id,
            sealed=self.seal.close(json.dumps(dict(secrets)).encode(), about),
        )

    def secrets_of(self, letter: LetterRow) -> dict[str, str]:
        """As they were written. CannotOpen: under a key that is gone."""
        if letter.sealed is None:
            return {}
        opened = self.seal.open(letter.sealed, encryption.of_letter(letter.account_id))
        secrets: dict[str, str] = json.loads(opened)
        return secrets
