"""Queues e-mails in the database, in the transaction of what they are about.

`jobs.mail_sender` sends them. Recipients and links are encrypted, so neither a copy of the
database nor a log reveals them.
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
from users_service.domain.errors import MailDisabled
from users_service.tables import EmailRow


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailQueue:
    """Queues e-mails, and decrypts their secrets."""

    encryptor: Encryptor
    is_on: bool
    """False if no mail server is configured: nothing may be written then."""

    def require(self) -> None:
        """Raise MailDisabled where no mail server is configured."""
        if not self.is_on:
            raise MailDisabled

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
        """Queue an e-mail in the caller's transaction.

        `secrets` are encrypted: "to" is the recipient, "token" that of the link. `facts` are
        not.
        """
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
        """Return the secrets of a queued e-mail, {} if it has none; raise DecryptionError."""
        if email.sealed is None:
            return {}
        decrypted = self.encryptor.decrypt(
            email.sealed, encryption.email_context(email.account_id)
        )
        secrets: dict[str, str] = json.loads(decrypted)
        return secrets
