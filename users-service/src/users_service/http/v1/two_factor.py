"""One's own second factors, and an administrator's help for who lost theirs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import (
    Body,
    FreshAdministrator,
    FreshlySignedIn,
    SignedIn,
    Text,
)
from users_service.sign_in.two_factor import SecondFactors

router = APIRouter(responses=problems(401))


class FactorsOut(BaseModel):
    totp: bool
    recovery_codes: int
    """How many are left."""
    passkeys: int


class EnrolmentOut(BaseModel):
    secret: str
    uri: str
    qr_svg: str


class Code(Body):
    code: Text


class RecoveryCodesOut(BaseModel):
    recovery_codes: list[str]
    """Shown here and never again."""


async def _second_factors(request: Request) -> SecondFactors:
    second_factors: SecondFactors = request.state.second_factors
    return second_factors


Factors = Annotated[SecondFactors, Depends(_second_factors)]


@router.get("/account/factors")
async def my_factors(caller: SignedIn, factors: Factors) -> FactorsOut:
    found = await factors.status(caller.account.id)
    return FactorsOut(
        totp=found.totp, recovery_codes=found.recovery_codes, passkeys=found.passkeys
    )


@router.post("/account/totp", status_code=201, responses=problems(403, 409))
async def begin_totp(caller: FreshlySignedIn, factors: Factors) -> EnrolmentOut:
    begun = await factors.begin_totp(caller.account, caller.actor)
    return EnrolmentOut(secret=begun.secret, uri=begun.uri, qr_svg=begun.qr_svg)


@router.post("/account/totp/confirm", responses=problems(403, 409, 429))
async def confirm_totp(
    said: Code, caller: FreshlySignedIn, factors: Factors
) -> RecoveryCodesOut:
    codes = await factors.confirm_totp(caller.session, caller.account, said.code, caller.actor)
    return RecoveryCodesOut(recovery_codes=codes)


@router.delete("/account/totp", status_code=204, responses=problems(403, 409, 429))
async def remove_totp(
    caller: FreshlySignedIn, factors: Factors, said: Code | None = None
) -> None:
    """By a code of it, or by a recovery code."""
    code = said.code if said else None
    await factors.remove_totp(caller.session, caller.account, code, caller.actor)


@router.post("/account/recovery-codes", status_code=201, responses=problems(403, 409))
async def new_recovery_codes(caller: FreshlySignedIn, factors: Factors) -> RecoveryCodesOut:
    codes = await factors.new_recovery_codes(caller.account, caller.actor)
    return RecoveryCodesOut(recovery_codes=codes)


@router.delete(
    "/accounts/{account_id}/totp", status_code=204, responses=problems(403, 404, 409)
)
async def remove_somebodys_totp(
    account_id: UUID, by: FreshAdministrator, factors: Factors
) -> None:
    await factors.take_totp(account_id, by)
