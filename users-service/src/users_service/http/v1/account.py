"""One's own account: profile, password, a copy of everything, deletion."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.accounts.profile import PasswordChange, Profiles
from users_service.http.openapi import problems
from users_service.http.v1.api_tokens import ApiTokenOut, api_token_out
from users_service.http.v1.audit import AuditEventOut, audit_event_out
from users_service.http.v1.dependencies import (
    AllSessions,
    Body,
    FreshlySignedIn,
    SignedIn,
    Text,
    with_passwords,
)
from users_service.http.v1.identities import TheIdentities
from users_service.http.v1.schemas import (
    DeviceOut,
    LoginOut,
    OverviewOut,
    device_out,
    login_out,
    overview_out,
)

router = APIRouter(prefix="/account", responses=problems(401))


class Profile(Body):
    """The fields to change: an absent one stays, null clears one."""

    name: Text | None = None
    email: Text | None = None


class NewPassword(Body):
    """`old_password` may be absent only if the account has no password.

    `code` is needed if the account has a second step and this session was not authenticated in
    the last 15 minutes.
    """

    old_password: Text | None = None
    """May be absent only if the account has no password."""
    new_password: Text
    code: Text | None = None
    """A code of the app or a recovery code, if the account has a second step and this session
    was authenticated too long ago.
    """


class LinkedOut(BaseModel):
    """An external identity; `provider` is null if the provider is no longer set up."""

    provider: str | None
    """Its name here; null if it is no longer configured."""
    issuer: str
    subject: str
    linked_at: datetime


class MyAccountOut(OverviewOut):
    """One's own account with its external identities."""

    identities: list[LinkedOut]


class IdentityOut(BaseModel):
    """An identity of the account with a provider; "local" is a username of this service."""

    provider: str
    subject: str
    created_at: datetime


class ExportOut(BaseModel):
    """All that is stored about the account, without secrets; `audit` has 1000 lines at most."""

    account: OverviewOut
    sessions: list[DeviceOut]
    identities: list[IdentityOut]
    api_tokens: list[ApiTokenOut]
    audit: list[AuditEventOut]
    """The newest 1000 lines about the account."""


TheProfiles = Annotated[Profiles, Depends(from_state("profiles"))]


@router.get("")
async def my_account(
    signed_in: SignedIn, profiles: TheProfiles, identities: TheIdentities
) -> MyAccountOut:
    """Return one's own account."""
    found = await identities.of(signed_in.account.id)
    overview = overview_out(await profiles.overview(signed_in.account.id))
    return MyAccountOut(
        **overview.model_dump(),
        identities=[
            LinkedOut(
                provider=name,
                issuer=each.issuer,
                subject=each.subject,
                linked_at=each.linked_at,
            )
            for name, each in found
        ],
    )


@router.patch("", responses=problems(403, 429))
async def change_profile(
    profile: Profile, signed_in: SignedIn, profiles: TheProfiles, sessions: AllSessions
) -> OverviewOut:
    """Change name, e-mail address or both.

    A change of address needs authentication in the last 15 minutes, and is followed by an
    e-mail that verifies it, where e-mails are sent.
    """
    if "email" in profile.model_fields_set:
        # A new password can be sent there.
        sessions.require_fresh(signed_in.session)
    changes = profile.model_dump(exclude_unset=True)
    changed = await profiles.change_profile(
        signed_in.account, signed_in.principal, changes=changes
    )
    return overview_out(changed)


@router.put("/password", responses=problems(403, 429), dependencies=[Depends(with_passwords)])
async def change_password(
    wanted: NewPassword, signed_in: SignedIn, profiles: TheProfiles, sessions: AllSessions
) -> LoginOut:
    """Set the password, end all sessions and return a new one.

    Without the old password, the session must have been authenticated in the last 15 minutes.
    """
    if wanted.old_password is None:
        sessions.require_fresh(signed_in.session)
    new = PasswordChange(old=wanted.old_password, new=wanted.new_password, code=wanted.code)
    done = await profiles.change_password(
        signed_in.session, signed_in.account, signed_in.client, new
    )
    return login_out(done.secret, done.session, done.account)


@router.get("/export", responses=problems(403))
async def export(signed_in: FreshlySignedIn, profiles: TheProfiles) -> ExportOut:
    """Return everything stored about one's account; needs recent authentication."""
    found = await profiles.export(signed_in.account, signed_in.principal)
    return ExportOut(
        account=overview_out(found.overview),
        sessions=[device_out(each, current=signed_in.session.id) for each in found.sessions],
        identities=[
            IdentityOut(provider=provider, subject=subject, created_at=created_at)
            for provider, subject, created_at in found.identities
        ],
        api_tokens=[api_token_out(each) for each in found.api_tokens],
        audit=[audit_event_out(each) for each in found.audit],
    )


@router.delete("", status_code=204, responses=problems(403, 409))
async def delete_account(signed_in: FreshlySignedIn, profiles: TheProfiles) -> None:
    """Delete one's own account; 409 for the last administrator.

    Needs recent authentication. The username stays reserved for a year.
    """
    await profiles.delete(signed_in.account, signed_in.principal)
