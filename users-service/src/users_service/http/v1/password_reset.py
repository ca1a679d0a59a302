"""A new password by a one-time link, and requests for an e-mail with one."""

from typing import Annotated

from fastapi import APIRouter, Depends
from service_kit.asgi import from_state

from users_service.accounts.password_reset import PasswordReset
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, Text, with_passwords

router = APIRouter(dependencies=[Depends(with_passwords)])


class PasswordResetRequest(Body):
    """A username or an e-mail address."""

    account: Text
    """A username or an e-mail address."""


class Reset(Body):
    """The token of a link, and the new password."""

    token: Text
    password: Text


ThePasswordReset = Annotated[PasswordReset, Depends(from_state("password_reset"))]


@router.post("/password-reset-requests", status_code=202, responses=problems(403, 409, 429))
async def request_password_reset(
    asked: PasswordResetRequest, client: From, password_reset: ThePasswordReset
) -> None:
    """Mail a link for a new password, if there is such an account with a verified address.

    The answer is the same if there is none.
    """
    await password_reset.ask(asked.account, client)


@router.post("/password-resets", status_code=204, responses=problems(403, 429))
async def reset_password(wanted: Reset, client: From, password_reset: ThePasswordReset) -> None:
    """Set a new password with a link and end all sessions; nobody is signed in."""
    await password_reset.redeem(wanted.token, wanted.password, client)
