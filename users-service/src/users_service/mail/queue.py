"""Queues e-mails in the database, in the transaction of what they are about.

`jobs.mail_sender` sends them. Recipients and links are encrypted there: neither a copy of the
database nor a log tells them.
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
from users_service.crypto.encryption import Encryptor
from users_service.domain.emails import EmailKind
from users_service.domain.errors import MailOff
from users_service.tables import EmailRow


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailQueue:
    """Writes e-mails to the queue, and reads what is encrypted in them."""

    encryptor: Encryptor
    is_on: bool
    """False: no SMTP server is set up, so nothing is written."""

    def require(self) -> None:
        if not self.is_on:
            raise MailOff

    async def write(
        self,
        session: AsyncSession,
        kind: EmailKind,
        secrets: Mapping[str, str],
        *,
        account_id: UUID | None,
        now: datetime,
        expires_at: datetime,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """`secrets`: "to", whom it goes to, "token", and what else nobody may read."""
        context = encryption.email_context(account_id)
        await store.emails.add(
            session,
            (kind, facts or {}),
            now=now,
            expires_at=expires_at,
            account_id=account_id,
            sealed=self.encryptor.encrypt(json.dumps(dict(secrets)).encode(), context),
        )

    def secrets_of(self, email: EmailRow) -> dict[str, str]:
        """As they were written. DecryptionError: under a key that is gone."""
        if email.sealed is None:
            return {}
        decrypted = self.encryptor.decrypt(
            email.sealed, encryption.email_context(email.account_id)
        )
        secrets: dict[str, str] = json.loads(decrypted)
        return secrets
