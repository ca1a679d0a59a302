"""Which ways in count here, as the operator's settings say, and that nobody loses the last."""

from collections.abc import Set
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from users_service import store
from users_service.errors_elsewhere import PasswordLoginOff
from users_service.factors import LastWayIn


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysIn:
    passwords: bool
    passkeys: bool
    issuers: Set[str]
    """Of the providers that are set up now: an identity with another one opens nothing."""

    def require_passwords(self) -> None:
        if not self.passwords:
            raise PasswordLoginOff

    async def keep_one(self, session: AsyncSession, account_id: UUID) -> None:
        """LastWayIn if the account has none that counts, after what was just taken away."""
        if self.passwords and await store.people.password_hash(session, account_id) is not None:
            return
        if self.passkeys and await store.passkeys.of_account(session, account_id):
            return
        identities = await store.identities.of_account(session, account_id)
        if not any(identity.issuer in self.issuers for identity in identities):
            raise LastWayIn
