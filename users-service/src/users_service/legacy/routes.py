"""The REST interface of the original users service, for programs written for it.

Paths, parameters, shapes and statuses are the same, behind API keys over HTTP Basic. Parameters
in the path override those of the body. Where the original was wrong this is right; README.md
lists where.
"""

from typing import Annotated, Any, Literal
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.security import HTTPBasic
from pydantic import BaseModel
from service_kit.asgi import from_state
from starlette.exceptions import HTTPException

from users_service.audit_log import AuditLog
from users_service.credentials.check import CredentialCheck
from users_service.domain import principals
from users_service.domain.accounts import Account
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import InvalidField
from users_service.domain.principals import Principal
from users_service.domain.sign_in_errors import (
    PasswordSignInDisabled,
    Unauthenticated,
    WrongCredentials,
)
from users_service.http import authentication
from users_service.http.openapi import password_body, refusals, user_body
from users_service.legacy import parameters
from users_service.legacy.accounts import LegacyAccounts

INCORRECT = "Incorrect username or password"


class UserObject(BaseModel):
    """An account, in the names of the original service."""

    id: str
    username: str
    provider: str | None
    familyName: str | None
    givenName: str | None
    middleName: str | None
    emails: list[Any] | None
    photos: list[Any] | None


class RightPassword(BaseModel):
    """The answer to a right password."""

    check: Literal[True]
    username: str


class WrongPassword(BaseModel):
    """The answer to a wrong password, an unknown or disabled account, or a disabled sign-in."""

    check: Literal[False]
    username: str
    message: str


class _WithKey(HTTPBasic):
    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        keys: authentication.ApiKeys = request.state.api_keys
        if keys.holder(request) is None:
            await authentication.refuse(request, authentication.peer(request))
            raise Unauthenticated


async def _not_stored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


async def _principal(request: Request) -> Principal:
    keys: authentication.ApiKeys = request.state.api_keys
    said = authentication.forwarded(request)
    client = said if said.address else authentication.peer(request)
    return principals.api_key_holder(keys.holder(request) or "unknown", client)


async def _parameters(request: Request) -> dict[str, Any]:
    return await parameters.read(request)


async def _named(request: Request, username: str) -> str:
    """Return the last segment of the path: %2F is part of a name, / is not."""
    raw: bytes = request.scope["raw_path"].partition(b"?")[0]
    segment = raw.split(b"/", 2)[2]
    if not segment or b"/" in segment:
        raise HTTPException(404)
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError as error:
        raise HTTPException(404) from error


AllAccounts = Annotated[LegacyAccounts, Depends(from_state("legacy_accounts"))]
By = Annotated[Principal, Depends(_principal)]
Parameters = Annotated[dict[str, Any], Depends(_parameters)]
Named = Annotated[str, Depends(_named)]

router = APIRouter(
    tags=["original"],
    dependencies=[Depends(_WithKey(scheme_name="ApiKey")), Depends(_not_stored)],
    responses=refusals(400, 401, 404, 409, 413, 422, 503),
)


@router.post("/create-user", openapi_extra=user_body(with_name=True))
async def create_user(sent: Parameters, accounts: AllAccounts, by: By) -> UserObject:
    """Make an account; 409 if its name, or one that looks the same, exists."""
    return user_object(
        await accounts.create(parameters.username(sent), parameters.account_fields(sent), by)
    )


@router.post("/find-or-create", openapi_extra=user_body(with_name=True))
async def find_or_create(sent: Parameters, accounts: AllAccounts, by: By) -> UserObject:
    """Return the account of this provider and username, or make it.

    409 if the name belongs to an account of another provider.
    """
    username, said = parameters.username(sent), parameters.account_fields(sent)
    return user_object(await accounts.find_or_create(username, said, by))


@router.post("/update-user/{username:path}", openapi_extra=user_body(with_name=False))
async def update_user(
    username: Named, sent: Parameters, accounts: AllAccounts, by: By
) -> UserObject:
    """Change the parameters that are sent and leave the rest.

    null clears a parameter. A new password ends all sessions of the account.
    """
    return user_object(await accounts.update(username, parameters.account_fields(sent), by))


@router.get("/find/{username:path}")
async def find(username: Named, accounts: AllAccounts) -> UserObject:
    """Return the account of exactly this username."""
    return user_object(await accounts.find(username))


@router.delete("/destroy/{username:path}")
async def destroy(username: Named, accounts: AllAccounts, by: By) -> dict[str, str]:
    """Delete the account and everything it signs in with.

    409 for the last administrator.
    """
    await accounts.destroy(username, by)
    return {}


@router.get("/list")
async def list_users(accounts: AllAccounts) -> list[UserObject]:
    """Return all accounts, the oldest first."""
    return [user_object(account) for account in await accounts.everyone()]


@router.post("/password-check", openapi_extra=password_body(), responses=refusals(429))
async def password_check(
    request: Request,
    sent: Parameters,
    credential_check: Annotated[CredentialCheck, Depends(from_state("credential_check"))],
    by: By,
) -> RightPassword | WrongPassword:
    """Check a password; a wrong one is answered with 200 and `check: false`.

    X-Forwarded-For names the address that attempts are counted for.
    """
    username = parameters.username(sent)
    password = parameters.password(sent)
    if password is None:
        raise InvalidField("password", "is missing")
    client = authentication.forwarded(request)
    try:
        account = await credential_check.check(
            username,
            password,
            client,
            exactly=True,
            event=AuditEventType.PASSWORD_CHECKED,
            by=by,
        )
    except WrongCredentials:
        return WrongPassword(check=False, username=username, message=INCORRECT)
    except PasswordSignInDisabled as refusal:
        # Its clients know "wrong" and nothing else; whether it is right they are not told.
        return WrongPassword(check=False, username=username, message=str(refusal))
    audit: AuditLog = request.state.audit
    await audit.add(AuditEvent(type=AuditEventType.PASSWORD_CHECKED, by=by, account=account))
    return RightPassword(check=True, username=username)


def user_object(account: Account) -> UserObject:
    """Return the account in the names of the original service."""
    return UserObject(
        id=account.username,
        username=account.username,
        provider=account.provider,
        familyName=account.family_name,
        givenName=account.given_name,
        middleName=account.middle_name,
        emails=account.emails,
        photos=account.photos,
    )


def install(app: FastAPI) -> None:
    """Add the routes at the root, where the original has them."""
    app.include_router(router)
