"""Sign-up: who may, and the account that it makes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.accounts.registration import Registration, RegistrationRequest
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, Text, with_passwords
from users_service.http.v1.schemas import AccountOut, account_out

router = APIRouter()


class NewAccount(Body):
    """What a person gives to sign up.

    `invite` is needed where sign-up is by invitation, `setup_token` for the first administrator
    where one is configured.
    """

    username: Text
    password: Text
    name: Text | None = None
    email: Text | None = None
    invite: Text | None = None
    setup_token: Text | None = None


class SignUpOut(BaseModel):
    """Who may sign up; `setup_token` says that the first administrator has to give one."""

    mode: Literal["open", "invite", "closed"]
    first_account: bool
    setup_token: bool
    """Whether the first administrator has to give the setup token."""


TheRegistration = Annotated[Registration, Depends(from_state("registration"))]


@router.get("/sign-up")
async def sign_up_mode(registration: TheRegistration) -> SignUpOut:
    """Return who may sign up, and whether the first account is still to be made."""
    is_first = await registration.is_first_expected()
    return SignUpOut(
        mode=registration.mode.value,
        first_account=is_first,
        setup_token=is_first and registration.setup_token is not None,
    )


@router.post(
    "/accounts",
    status_code=201,
    responses=problems(403, 409, 429),
    dependencies=[Depends(with_passwords)],
)
async def sign_up(
    wanted: NewAccount, client: From, registration: TheRegistration
) -> AccountOut:
    """Make an account; nobody is signed in by it."""
    form = RegistrationRequest(**wanted.model_dump())
    return account_out(await registration.register(form, client))
