"""The audit log, for administrators."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.audit_log import AuditLog
from users_service.domain.audit_events import AuditEventType, result_of_stored
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Administrator
from users_service.tables import AuditRow

_BIGINT = 2**63 - 1

router = APIRouter(prefix="/audit", responses=problems(401, 403))


class AuditEventOut(BaseModel):
    """A line of the audit log.

    `result` is "ok" or the code of the refusal; `actor` is a username, "api key NAME", or null
    for a stranger.
    """

    id: int
    at: datetime
    event: AuditEventType
    result: str
    """"ok", or the code of the refusal."""
    actor_id: UUID | None
    actor: str | None
    """A username, "api key NAME", or null: a stranger."""
    account_id: UUID | None
    account: str | None
    session_id: UUID | None
    address: str | None
    facts: dict[str, Any]


class AuditOut(BaseModel):
    """A page of the log; `next` is the cursor of the following one, null on the last."""

    events: list[AuditEventOut]
    next: int | None


@router.get("")
async def read_audit(
    by: Administrator,
    audit: Annotated[AuditLog, Depends(from_state("audit"))],
    account_id: UUID | None = None,
    event: AuditEventType | None = None,
    cursor: Annotated[int | None, Query(ge=1, le=_BIGINT)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditOut:
    """Return lines of the audit log, newest first.

    `account_id` selects what the account did and what was done to it; `cursor` is `next` of the
    page before.
    """
    lines, following = await audit.page(
        before=cursor,
        limit=limit,
        account_id=account_id,
        event=event,
    )
    return AuditOut(events=[audit_event_out(line) for line in lines], next=following)


def audit_event_out(row: AuditRow) -> AuditEventOut:
    """Return the row as JSON shows it."""
    return AuditEventOut(
        id=row.id,
        at=row.at,
        event=AuditEventType.of_stored(row.event),
        result=result_of_stored(row.result),
        actor_id=row.actor_id,
        actor=row.actor_name,
        account_id=row.account_id,
        account=row.account_name,
        session_id=row.session_id,
        address=row.address,
        facts=row.facts,
    )
