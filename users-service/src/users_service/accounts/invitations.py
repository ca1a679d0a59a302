"""Invitations: codes for one sign-up each, made, listed and revoked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain.accounts import INVITATION_LIFETIME, ROLES, new_email
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.emails import EmailKind
from users_service.domain.errors import InvitationNotFound
from users_service.domain.principals import Principal
from users_service.mail.queue import EmailQueue
from users_service.rate_limits.limits import RateLimits
from users_service.tables import InvitationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation with its code, which is shown here and never again."""

    id: UUID
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitations:
    """Makes, lists and revokes invitations."""

    database: async_sessionmaker[AsyncSession]
    email_queue: EmailQueue
    limits: RateLimits
    now: Callable[[], datetime]

    async def invite(self, role: str, by: Principal, *, email: str | None = None) -> Invitation:
        """Return a code for one new account, valid for 7 days, and mail it to `email` if given.

        Raises MailDisabled, InvalidField or TooManyEmails.
        """
        if email is not None:
            self.email_queue.require()
            email = new_email(email)
            await self.limits.admit_email_to(email, "asked")
        now = self.now()
        invitation = Invitation(
            id=uuid4(), code=new_secret(), expires_at=now + INVITATION_LIFETIME
        )
        async with self.database.begin() as session:
            await store.invitations.add(
                session,
                invitation.id,
                code_hash=digest(invitation.code),
                roles=ROLES[role],
                created_by=by.account_id,
                now=now,
                expires_at=invitation.expires_at,
            )
            if email is not None:
                await self.email_queue.write(
                    session,
                    EmailKind.INVITATION,
                    {"to": email, "token": invitation.code},
                    account_id=None,
                    now=now,
                    expires_at=invitation.expires_at,
                )
            facts = {"invitation": str(invitation.id), "role": role}
            audit_event = AuditEvent(type=AuditEventType.INVITATION_CREATED, by=by, facts=facts)
            await store.audit.write(session, audit_event, now=now)
        return invitation

    async def all_open(self) -> list[InvitationRow]:
        """Return the invitations that can still be used, the oldest first."""
        async with self.database() as session:
            return await store.invitations.all_open(session, now=self.now())

    async def revoke(self, invitation_id: UUID, by: Principal) -> None:
        """Delete the invitation; raise InvitationNotFound unless it is open."""
        now = self.now()
        async with self.database.begin() as session:
            if not await store.invitations.revoke(session, invitation_id, now=now):
                raise InvitationNotFound
            facts = {"invitation": str(invitation_id)}
            audit_event = AuditEvent(type=AuditEventType.INVITATION_REVOKED, by=by, facts=facts)
            await store.audit.write(session, audit_event, now=now)
