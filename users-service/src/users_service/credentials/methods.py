"""Which ways to sign in are enabled, and the rule that nobody loses their last one."""

from collections.abc import Set
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from users_service import store
from users_service.domain.sign_in_errors import PasswordSignInDisabled
from users_service.domain.two_factor import LastSignInMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInMethods:
    """The ways to sign in that the operator has enabled."""

    passwords: bool
    passkeys: bool
    issuers: Set[str]
    """Those of the configured providers: an identity with another one signs nobody in."""
    reauthenticating_issuers: Set[str]
    """Those of them that can be asked to authenticate a person again."""

    def require_passwords(self) -> None:
        """Raise PasswordSignInDisabled where password sign-in is disabled."""
        if not self.passwords:
            raise PasswordSignInDisabled

    async def keep_one(self, session: AsyncSession, account_id: UUID) -> None:
        """Raise LastSignInMethod if the account has no enabled way to sign in left.

        Called after the removal, in its transaction.
        """
        if not await self._has_one(session, account_id, self.issuers):
            raise LastSignInMethod

    async def can_reauthenticate(self, session: AsyncSession, account_id: UUID) -> bool:
        """Return whether the account can authenticate again without a new session."""
        return await self._has_one(session, account_id, self.reauthenticating_issuers)

    async def _has_one(
        self, session: AsyncSession, account_id: UUID, issuers: Set[str]
    ) -> bool:
        if (
            self.passwords
            and await store.accounts_by_id.password_hash(session, account_id) is not None
        ):
            return True
        if self.passkeys and await store.passkeys.of_account(session, account_id):
            return True
        identities = await store.identities.of_account(session, account_id)
        return any(identity.issuer in issuers for identity in identities)
