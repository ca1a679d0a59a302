"""Invitations, by an administrator's session or an API key."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.accounts.invitations import Invitations
from users_service.domain.accounts import ADMIN
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Administrator, Body, Text

router = APIRouter(prefix="/invitations", responses=problems(401, 403))


class NewInvitation(Body):
    """The role of the new account, and where to mail the link, if anywhere.

    `admin` is short for the role "admin".
    """

    role: Literal["reader", "editor", "admin"] = "editor"
    admin: bool = False
    """Short for the role "admin"."""
    email: Text | None = None
    """Also mail the link to this address."""


class InvitationOut(BaseModel):
    """A new invitation; `code` is shown here and never again."""

    id: UUID
    code: str
    expires_at: datetime


class OpenInvitation(BaseModel):
    """An invitation that can still be used; `created_by` is null for an API key."""

    id: UUID
    roles: list[str]
    created_at: datetime
    expires_at: datetime
    created_by: UUID | None


class InvitationsOut(BaseModel):
    """The open invitations, the oldest first."""

    invitations: list[OpenInvitation]


TheInvitations = Annotated[Invitations, Depends(from_state("invitations"))]


@router.post("", status_code=201, responses=problems(409, 429))
async def invite(
    by: Administrator, invitations: TheInvitations, wanted: NewInvitation | None = None
) -> InvitationOut:
    """Make a code for one new account, valid for 7 days.

    409 if it is to be mailed and e-mails are not sent here.
    """
    wanted = wanted or NewInvitation()
    role = ADMIN if wanted.admin else wanted.role
    made = await invitations.invite(role, by, email=wanted.email)
    return InvitationOut(id=made.id, code=made.code, expires_at=made.expires_at)


@router.get("")
async def open_invitations(by: Administrator, invitations: TheInvitations) -> InvitationsOut:
    """Return the invitations that can still be used."""
    rows = await invitations.all_open()
    return InvitationsOut(
        invitations=[
            OpenInvitation(
                id=row.id,
                roles=row.roles,
                created_at=row.created_at,
                expires_at=row.expires_at,
                created_by=row.created_by,
            )
            for row in rows
        ]
    )


@router.delete("/{invitation_id}", status_code=204, responses=problems(404))
async def revoke(invitation_id: UUID, by: Administrator, invitations: TheInvitations) -> None:
    """Revoke an open invitation."""
    await invitations.revoke(invitation_id, by)
