"""Sign in: by passkey, by password, and by the second step where the account has one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from service_kit.asgi import from_state

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, Text
from users_service.http.v1.schemas import (
    LoginOut,
    TwoFactorChallengeOut,
    login_out,
    sign_in_out,
)
from users_service.sign_in.sign_in import SignIn

router = APIRouter()


class Login(Body):
    """A username, in any case, and a password."""

    username: Text
    password: Text


class PasskeyLogin(Body):
    """The `flow` of the options, and the answer as `credential.toJSON()` gives it."""

    flow: Text
    credential: dict[str, Any]
    """What `credential.toJSON()` says."""


class CodeLogin(Body):
    """The challenge's token, and a code of the app or a recovery code."""

    token: Text
    code: Text
    """Of the authenticator app, or a recovery code."""


class SecondPasskeyLogin(PasskeyLogin):
    """The challenge's token, and the answer of a passkey of the same account."""

    token: Text


TheSignIn = Annotated[SignIn, Depends(from_state("sign_in"))]


@router.post(
    "/sessions",
    status_code=201,
    responses={
        200: {
            "model": TwoFactorChallengeOut,
            "description": "The password was right; more is needed",
        },
        **problems(401, 403, 429),
    },
)
async def sign_in(
    login: Login, client: From, use_case: TheSignIn, response: Response
) -> LoginOut | TwoFactorChallengeOut:
    """Start a session with a password.

    200 with a challenge if the account has a second step.
    """
    done = await use_case.by_password(login.username, login.password, client)
    return sign_in_out(done, response)


@router.post("/sessions/passkey", status_code=201, responses=problems(403, 409, 429))
async def sign_in_by_passkey(
    login: PasskeyLogin, client: From, use_case: TheSignIn
) -> LoginOut:
    """Start a session with a passkey, which needs neither username nor second step."""
    done = await use_case.by_passkey(login.flow, login.credential, client)
    return login_out(done.secret, done.session, done.account)


@router.post("/sessions/second-factor", status_code=201, responses=problems(403, 409, 429))
async def second_factor(
    login: CodeLogin | SecondPasskeyLogin, client: From, use_case: TheSignIn
) -> LoginOut:
    """Finish a sign-in with the second step that its answer asked for."""
    if isinstance(login, CodeLogin):
        done = await use_case.by_code(login.token, login.code, client)
    else:
        done = await use_case.by_second_passkey(
            login.token, login.flow, login.credential, client
        )
    return login_out(done.secret, done.session, done.account)
