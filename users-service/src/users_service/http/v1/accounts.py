"""Administration of accounts, by an administrator's session or an API key."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.accounts.administration import Administration
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import (
    Administrator,
    Body,
    FreshAdministrator,
    Sought,
    with_passwords,
)
from users_service.http.v1.password_reset import ThePasswordReset
from users_service.http.v1.schemas import OverviewOut, overview_out
from users_service.store.accounts_by_id import AccountFilter

Role = Literal["reader", "editor", "admin"]

router = APIRouter(prefix="/accounts", responses=problems(401, 403))


class AccountChange(Body):
    """The fields to change: an absent one stays. A change ends the person's sessions."""

    role: Role | None = None
    disabled: bool | None = None


class AccountsOut(BaseModel):
    """A page of accounts; `next` is the cursor of the following one, null on the last."""

    accounts: list[OverviewOut]
    next: str | None


class ResetLinkOut(BaseModel):
    """The token of a link for a new password: shown here and never again."""

    token: str
    expires_at: datetime


TheAdministration = Annotated[Administration, Depends(from_state("administration"))]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("")
async def list_accounts(
    by: Administrator,
    administration: TheAdministration,
    q: Sought = None,
    username: Sought = None,
    role: Role | None = None,
    disabled: bool | None = None,
    cursor: Sought = None,
    limit: Limit = 50,
) -> AccountsOut:
    """Return accounts by username.

    `q` looks into usernames, names and e-mail addresses; `cursor` is `next` of the page before.
    """
    wanted = AccountFilter(text=q, username=username, role=role, disabled=disabled)
    page, following = await administration.page(wanted, after=cursor, limit=limit)
    return AccountsOut(accounts=[overview_out(each) for each in page], next=following)


@router.get("/{account_id}", responses=problems(404))
async def show_account(
    account_id: UUID, by: Administrator, administration: TheAdministration
) -> OverviewOut:
    """Return an account, with its number of sessions."""
    return overview_out(await administration.find(account_id))


@router.patch("/{account_id}", responses=problems(404, 409))
async def change_account(
    account_id: UUID,
    change: AccountChange,
    by: FreshAdministrator,
    administration: TheAdministration,
) -> OverviewOut:
    """Change an account's role, disable it or enable it; 409 for the last administrator.

    An administrator needs recent authentication; an API key does not.
    """
    changed = await administration.change(
        account_id, by, role=change.role, disabled=change.disabled
    )
    return overview_out(changed)


@router.delete("/{account_id}", status_code=204, responses=problems(404, 409))
async def delete_account(
    account_id: UUID, by: FreshAdministrator, administration: TheAdministration
) -> None:
    """Delete an account and everything it signs in with; 409 for the last administrator.

    Its username stays reserved for a year. An administrator needs recent authentication.
    """
    await administration.delete(account_id, by)


@router.delete("/{account_id}/sessions", status_code=204, responses=problems(404))
async def end_sessions(
    account_id: UUID, by: Administrator, administration: TheAdministration
) -> None:
    """End all sessions and access tokens of an account."""
    await administration.end_sessions(account_id, by)


@router.post(
    "/{account_id}/reset-link",
    status_code=201,
    responses=problems(404),
    dependencies=[Depends(with_passwords)],
)
async def make_reset_link(
    account_id: UUID, by: FreshAdministrator, password_reset: ThePasswordReset
) -> ResetLinkOut:
    """Make a link of 24 hours for a new password, which replaces earlier ones.

    An administrator needs recent authentication.
    """
    link = await password_reset.make(account_id, by)
    return ResetLinkOut(token=link.token, expires_at=link.expires_at)
