"""One's own second factors, and an administrator's help for people who lost theirs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import (
    Body,
    FreshAdministrator,
    FreshlySignedIn,
    SignedIn,
    Text,
)
from users_service.sign_in.two_factor import TwoFactor

router = APIRouter(responses=problems(401))


class TwoFactorOut(BaseModel):
    """Whether an app is set up, and how many recovery codes and passkeys are left."""

    totp: bool
    recovery_codes: int
    """How many are left."""
    passkeys: int


class EnrolmentOut(BaseModel):
    """The secret for an authenticator app as text, otpauth:// URI and QR code in SVG.

    Shown here and never again.
    """

    secret: str
    uri: str
    qr_svg: str


class TotpCode(Body):
    """A code of the authenticator app, or a recovery code where one will do."""

    code: Text


class RecoveryCodesOut(BaseModel):
    """The recovery codes: shown here and never again, each valid once."""

    recovery_codes: list[str]
    """Shown here and never again."""


TheTwoFactor = Annotated[TwoFactor, Depends(from_state("two_factor"))]


@router.get("/account/two-factor")
async def my_two_factor(signed_in: SignedIn, two_factor: TheTwoFactor) -> TwoFactorOut:
    """Return one's own second factors."""
    found = await two_factor.status(signed_in.account.id)
    return TwoFactorOut(
        totp=found.totp, recovery_codes=found.recovery_codes, passkeys=found.passkeys
    )


@router.post("/account/totp", status_code=201, responses=problems(403, 409))
async def begin_totp(signed_in: FreshlySignedIn, two_factor: TheTwoFactor) -> EnrolmentOut:
    """Return a secret for an app, which is on once a code confirms it.

    409 if one is on. Needs recent authentication.
    """
    begun = await two_factor.begin_totp(signed_in.account, signed_in.principal)
    return EnrolmentOut(secret=begun.secret, uri=begun.uri, qr_svg=begun.qr_svg)


@router.post("/account/totp/confirm", responses=problems(403, 409, 429))
async def confirm_totp(
    said: TotpCode, signed_in: FreshlySignedIn, two_factor: TheTwoFactor
) -> RecoveryCodesOut:
    """Turn the app on with a code of it, end other sessions and return recovery codes.

    Needs recent authentication.
    """
    codes = await two_factor.confirm_totp(
        signed_in.session, signed_in.account, said.code, signed_in.principal
    )
    return RecoveryCodesOut(recovery_codes=codes)


@router.delete("/account/totp", status_code=204, responses=problems(403, 409, 429))
async def remove_totp(
    signed_in: FreshlySignedIn, two_factor: TheTwoFactor, said: TotpCode | None = None
) -> None:
    """Turn the app off, with a code of it or a recovery code, and end other sessions.

    Needs recent authentication.
    """
    code = said.code if said else None
    await two_factor.remove_totp(
        signed_in.session, signed_in.account, code, signed_in.principal
    )


@router.post("/account/recovery-codes", status_code=201, responses=problems(403, 409))
async def new_recovery_codes(
    signed_in: FreshlySignedIn, two_factor: TheTwoFactor
) -> RecoveryCodesOut:
    """Replace the recovery codes. Needs recent authentication."""
    codes = await two_factor.new_recovery_codes(signed_in.account, signed_in.principal)
    return RecoveryCodesOut(recovery_codes=codes)


@router.delete(
    "/accounts/{account_id}/totp", status_code=204, responses=problems(403, 404, 409)
)
async def remove_somebodys_totp(
    account_id: UUID, by: FreshAdministrator, two_factor: TheTwoFactor
) -> None:
    """Turn off the app of somebody who lost it, and end all their sessions.

    Needs an API key or an administrator with recent authentication.
    """
    await two_factor.remove_totp_by_administrator(account_id, by)
