"""The deletion of an account, whether its owner, an administrator or an API key asks for it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from users_service import store
from users_service.domain.accounts import USERNAME_RETIRED, Account
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.principals import Principal


async def remove(
    session: AsyncSession, account: Account, by: Principal, *, now: datetime
) -> None:
    """Delete the account in the caller's transaction; raise LastAdministrator.

    Its sessions end, and its username stays reserved for a year.
    """
    await store.accounts_by_id.keep_an_administrator(session, without=account.id)
    await store.sessions.end_all_of(session, account.id, now=now)
    await store.accounts_by_id.remove(session, account.id)
    free_at = now + USERNAME_RETIRED
    await store.retired_usernames.retire(session, account.username, free_at=free_at)
    audit_event = AuditEvent(type=AuditEventType.ACCOUNT_DELETED, by=by, account=account)
    await store.audit.write(session, audit_event, now=now)
