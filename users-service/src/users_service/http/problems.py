"""Errors as HTTP: one table of statuses, and the two forms of a response.

/v1 answers with problem details (RFC 9457) like every service here. The original's interface
answers as its clients expect: `{code, message}`, or `{}` where the original sent no more.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from service_data.database import MAY_BE_AWAY, is_away
from service_kit.asgi import problem
from starlette.exceptions import HTTPException

from users_service.domain import errors, oidc_errors, sign_in_errors, two_factor
from users_service.domain.errors import TooManyAttempts, UsersError

log = logging.getLogger(__name__)

# The whole mapping from rules to HTTP. A test fails if an error is missing here.
STATUS: Final[dict[type[UsersError], int]] = {
    errors.UsernameTaken: 409,
    errors.OtherProvider: 409,
    errors.AccountNotFound: 404,
    errors.InvalidUsername: 422,
    errors.InvalidField: 422,
    sign_in_errors.PasswordTooShort: 422,
    sign_in_errors.PasswordTooLong: 422,
    sign_in_errors.PasswordCommon: 422,
    sign_in_errors.PasswordContainsName: 422,
    errors.SignUpClosed: 403,
    errors.InvalidInvite: 403,
    errors.InvalidSetupToken: 403,
    errors.InvalidResetLink: 403,
    errors.InvalidEmailLink: 403,
    errors.EmailAlreadyVerified: 409,
    errors.MailDisabled: 409,
    sign_in_errors.NotAllowed: 403,
    sign_in_errors.ReauthenticationRequired: 403,
    errors.LastAdministrator: 409,
    errors.SessionNotFound: 404,
    errors.InvitationNotFound: 404,
    errors.ApiTokenNotFound: 404,
    errors.InvalidApiToken: 401,
    errors.TooManyApiTokens: 409,
    errors.InsufficientScope: 403,
    sign_in_errors.WrongCredentials: 401,
    sign_in_errors.SessionEnded: 401,
    sign_in_errors.Unauthenticated: 401,
    oidc_errors.SignInRefused: 403,
    oidc_errors.InvalidRedirect: 403,
    oidc_errors.ProviderNotFound: 404,
    oidc_errors.IdentityNotFound: 404,
    oidc_errors.IdentityTaken: 409,
    oidc_errors.ProviderCannotReauthenticate: 409,
    sign_in_errors.PasswordSignInDisabled: 403,
    sign_in_errors.InvalidSignInLink: 403,
    oidc_errors.ProviderAway: 503,
    two_factor.PasskeyRefused: 403,
    two_factor.PasskeyNotFound: 404,
    two_factor.PasskeysDisabled: 409,
    two_factor.TooManyPasskeys: 409,
    two_factor.LastSignInMethod: 409,
    two_factor.WrongCode: 403,
    two_factor.CodeRequired: 403,
    two_factor.TwoFactorChallengeEnded: 403,
    two_factor.TotpAlreadyEnabled: 409,
    two_factor.TotpNotEnabled: 409,
    errors.TooManyAttempts: 429,
    errors.TooManyEmails: 429,
    sign_in_errors.Busy: 503,
}

_CODES: Final = {
    400: "InvalidContent",
    404: "ResourceNotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    413: "RequestEntityTooLarge",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}
"""The names that restify uses; its clients name their error objects after them."""

_WITHOUT_A_BODY: Final = frozenset({sign_in_errors.Unauthenticated, errors.AccountNotFound})

Handler = Callable[[Request, Exception], Awaitable[Response]]


def legacy_error(
    status: int, message: str, *, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return the body that clients of the original expect: restify's `{code, message}`."""
    code = _CODES.get(status) or HTTPStatus(status).phrase.replace(" ", "")
    return JSONResponse({"code": code, "message": message}, status, headers)


def install(app: FastAPI) -> None:
    """Add the handlers; call it after the kit's, which keep answering for /v1."""
    app.add_exception_handler(UsersError, _on_users_error)
    app.add_exception_handler(HTTPException, _by_interface(app))
    for kind in MAY_BE_AWAY:
        app.add_exception_handler(kind, _on_database_error)


async def _on_users_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, UsersError)
    status = STATUS[type(error)]
    headers = _headers(request, error, status)
    if _is_ours(request):
        return problem(status, error.code, str(error), headers=headers)
    if type(error) in _WITHOUT_A_BODY and not request.url.path.startswith("/update-user/"):
        return JSONResponse({}, status, headers)
    return legacy_error(status, str(error), headers=headers)


def _headers(request: Request, error: UsersError, status: int) -> dict[str, str]:
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.retry_after)}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": "1"}
    if status == HTTPStatus.UNAUTHORIZED:
        scheme = "Bearer" if _is_ours(request) else 'Basic realm="users"'
        return {"WWW-Authenticate": scheme}
    return {}


def _by_interface(app: FastAPI) -> Handler:
    of_the_kit: Handler = app.exception_handlers[HTTPException]  # type: ignore[assignment]

    async def on_http_exception(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if _is_ours(request):
            return await of_the_kit(request, error)
        path = request.scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1")
        message = {
            HTTPStatus.NOT_FOUND: f"{path} does not exist",
            HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not allowed",
        }.get(HTTPStatus(error.status_code), str(error.detail))
        headers = dict(error.headers) if error.headers else None
        return legacy_error(error.status_code, message, headers=headers)

    return on_http_exception


async def _on_database_error(request: Request, error: Exception) -> Response:
    """Answer 503 if PostgreSQL is away, starting or stopping; raise any other error."""
    if not is_away(error):
        raise error
    # Without the text: it may quote a statement.
    log.warning("database is away: %s", type(error).__name__)
    headers = {"Retry-After": "1"}
    detail = "the database is temporarily unavailable: try again"
    if _is_ours(request):
        return problem(503, "database_away", detail, headers=headers)
    return legacy_error(503, detail, headers=headers)


def _is_ours(request: Request) -> bool:
    return request.url.path.startswith(("/v1/", "/.well-known/"))
