"""Sign in: by passkey, by password, and by the second step where the account has one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, Text
from users_service.http.v1.schemas import LoginOut, SecondStepOut, login_out, sign_in_out
from users_service.sign_in.sign_in import SignIn

router = APIRouter()


class Login(Body):
    username: Text
    password: Text


class PasskeyLogin(Body):
    flow: Text
    credential: dict[str, Any]
    """What `credential.toJSON()` says."""


class CodeLogin(Body):
    token: Text
    code: Text
    """Of the authenticator app, or a recovery code."""


class SecondPasskeyLogin(PasskeyLogin):
    token: Text


async def _sign_in(request: Request) -> SignIn:
    sign_in: SignIn = request.state.sign_in
    return sign_in


TheSignIn = Annotated[SignIn, Depends(_sign_in)]


@router.post(
    "/sessions",
    status_code=201,
    responses={
        200: {"model": SecondStepOut, "description": "The password was right; more is needed"},
        **problems(401, 403, 429),
    },
)
async def sign_in(
    login: Login, client: From, use_case: TheSignIn, response: Response
) -> LoginOut | SecondStepOut:
    done = await use_case.by_password(login.username, login.password, client)
    return sign_in_out(done, response)


@router.post("/sessions/passkey", status_code=201, responses=problems(403, 409, 429))
async def sign_in_by_passkey(
    login: PasskeyLogin, client: From, use_case: TheSignIn
) -> LoginOut:
    done = await use_case.by_passkey(login.flow, login.credential, client)
    return login_out(done.secret, done.session, done.account)


@router.post("/sessions/second-factor", status_code=201, responses=problems(403, 409, 429))
async def second_factor(
    login: CodeLogin | SecondPasskeyLogin, client: From, use_case: TheSignIn
) -> LoginOut:
    if isinstance(login, CodeLogin):
        done = await use_case.by_code(login.token, login.code, client)
    else:
        done = await use_case.by_second_passkey(
            login.token, login.flow, login.credential, client
        )
    return login_out(done.secret, done.session, done.account)
