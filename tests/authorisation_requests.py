"""For each route of the services: a request that succeeds if its caller may make it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from authorisation_cast import Caller
from authorisation_objects import (
    Find,
    Make,
    Values,
    account,
    api_token,
    comment,
    deleted_comment,
    invitation,
    note,
    passkey,
    reset_link,
    session,
    trashed,
    versions,
    with_totp,
)


@dataclass(frozen=True)
class Recipe:
    json: Mapping[str, Any] | None = None
    """Values of the form `{name}` are filled in."""
    form: Mapping[str, str] = field(default_factory=dict)
    """For pages; the form token is added."""
    headers: Mapping[str, str] = field(default_factory=dict)
    made: Make = lambda _: {}
    """What has to exist before; it is the author's."""
    stays: Find | None = None
    """Whether that is still as it was, where a page does not tell."""
    spends: bool = False
    """The caller does not survive it: somebody like them goes in their place."""
    answer: tuple[int, str] | None = None
    """What whoever may is told, where it cannot succeed here."""


def filled(given: Any, values: Values) -> Any:
    if isinstance(given, Mapping):
        return {name: filled(value, values) for name, value in given.items()}
    if isinstance(given, str) and given[:1] + given[-1:] == "{}" and given[1:-1] in values:
        return values[given[1:-1]]
    return given


def values_of(caller: Caller) -> Values:
    person = caller.person
    known = {"password": person.password, "own": person.username} if person else {}
    return {"password": "a quiet river", "own": "nobody", "unique": f"u{uuid4().hex}", **known}


FIRST: Final = {"If-Match": '"1"'}
SECOND: Final = {"If-Match": '"2"'}
WORDS: Final = {"title": "Matrix", "body": "Soup"}
HOME: Final = {"redirect_uri": "http://localhost/users/login/at/work"}
CAME: Final = {"flow": "x" * 43, "state": "x", "code": "x"}
PROOF: Final = {"flow": "x" * 43, "credential": {}}
NO_PROVIDER: Final = (404, "provider_not_found")

NOTES: Final = {
    "POST /v1/notes": Recipe(json=WORDS),
    "GET /v1/notes/{key}": Recipe(made=note),
    "PUT /v1/notes/{key}": Recipe(made=note, json=WORDS, headers=FIRST),
    "DELETE /v1/notes/{key}": Recipe(made=note, headers=FIRST),
    "POST /v1/notes/{key}/restore": Recipe(made=trashed),
    "PUT /v1/notes/{key}/looked": Recipe(made=note, json={"version": 1}),
    "GET /v1/notes/{key}/versions": Recipe(made=note),
    "GET /v1/notes/{key}/versions/{version}": Recipe(made=versions),
    "POST /v1/notes/{key}/versions/{version}/restore": Recipe(made=versions, headers=SECOND),
    "DELETE /v1/notes/{key}/versions/{version}": Recipe(made=versions),
    "GET /v1/notes/{key}/comments": Recipe(made=note),
    "POST /v1/notes/{key}/comments": Recipe(made=note, json={"text": "Soup"}),
    "GET /v1/notes/{key}/comments/{comment_id}": Recipe(made=comment),
    "PUT /v1/notes/{key}/comments/{comment_id}": Recipe(
        made=comment, json={"text": "Soup"}, headers=FIRST
    ),
    "GET /v1/notes/{key}/comments/{comment_id}/versions": Recipe(made=comment),
    "POST /v1/notes/{key}/comments/{comment_id}/restore": Recipe(made=deleted_comment),
    "DELETE /v1/notes/{key}/comments/{comment_id}": Recipe(made=comment),
    "POST /v1/preview": Recipe(json={"body": "Soup"}),
}

USERS: Final = {
    "POST /v1/accounts": Recipe(json={"username": "{unique}", "password": "a quiet river"}),
    "POST /v1/sessions": Recipe(
        json={"username": "nobody-here", "password": "a quiet river"},
        answer=(401, "wrong_credentials"),
    ),
    "POST /v1/sessions/passkey": Recipe(json=PROOF, answer=(403, "passkey_refused")),
    "POST /v1/sessions/second-factor": Recipe(
        json={"token": "x" * 43, "code": "123456"}, answer=(403, "two_factor_challenge_ended")
    ),
    "POST /v1/sessions/link": Recipe(
        json={"token": "x" * 43}, answer=(403, "invalid_sign_in_link")
    ),
    "POST /v1/sign-in/{provider}": Recipe(json=HOME, answer=NO_PROVIDER),
    "POST /v1/sign-in/{provider}/callback": Recipe(json=CAME, answer=NO_PROVIDER),
    "POST /v1/account/identities/{provider}": Recipe(json=HOME, answer=NO_PROVIDER),
    "POST /v1/account/identities/{provider}/callback": Recipe(json=CAME, answer=NO_PROVIDER),
    "DELETE /v1/account/identities/{provider}": Recipe(answer=NO_PROVIDER),
    "POST /v1/sessions/current/re-authenticate/{provider}": Recipe(
        json=HOME, answer=NO_PROVIDER
    ),
    "POST /v1/sessions/current/re-authenticate/{provider}/callback": Recipe(
        json=CAME, answer=NO_PROVIDER
    ),
    "POST /v1/accounts/{account_id}/sign-in-link": Recipe(made=account),
    "DELETE /v1/sessions/current": Recipe(spends=True),
    "DELETE /v1/sessions/others": Recipe(spends=True),
    "DELETE /v1/sessions/{session_id}": Recipe(made=session),
    "POST /v1/sessions/current/re-authenticate": Recipe(json={"password": "{password}"}),
    "PATCH /v1/account": Recipe(json={"name": "Other"}, spends=True),
    "PUT /v1/account/password": Recipe(
        json={"old_password": "{password}", "new_password": "nine green apples"}, spends=True
    ),
    "DELETE /v1/account": Recipe(spends=True),
    "POST /v1/account/totp": Recipe(spends=True),
    "DELETE /v1/account/totp": Recipe(answer=(409, "totp_not_enabled")),
    "POST /v1/account/totp/confirm": Recipe(
        json={"code": "123456"}, answer=(409, "totp_not_enabled")
    ),
    "POST /v1/account/recovery-codes": Recipe(answer=(409, "totp_not_enabled")),
    "DELETE /v1/accounts/{account_id}/totp": Recipe(made=with_totp),
    "POST /v1/account/passkeys": Recipe(
        json=PROOF | {"name": "Key"}, answer=(403, "passkey_refused")
    ),
    "PATCH /v1/account/passkeys/{passkey_id}": Recipe(made=passkey, json={"name": "Other"}),
    "DELETE /v1/account/passkeys/{passkey_id}": Recipe(made=passkey),
    "POST /v1/api-tokens": Recipe(json={"name": "matrix", "scopes": ["read"]}),
    "DELETE /v1/api-tokens/{token_id}": Recipe(made=api_token),
    "POST /v1/password-reset-requests": Recipe(
        json={"account": "{unique}"}, answer=(409, "mail_disabled")
    ),
    "POST /v1/password-resets": Recipe(
        json={"token": "{link}", "password": "nine green apples"}, made=reset_link
    ),
    "POST /v1/account/email-verification-requests": Recipe(answer=(409, "mail_disabled")),
    "POST /v1/email-verifications": Recipe(
        json={"token": "x" * 43}, answer=(403, "invalid_email_link")
    ),
    "GET /v1/accounts/{account_id}": Recipe(made=account),
    "PATCH /v1/accounts/{account_id}": Recipe(made=account, json={"role": "reader"}),
    "DELETE /v1/accounts/{account_id}": Recipe(made=account),
    "DELETE /v1/accounts/{account_id}/sessions": Recipe(made=account),
    "POST /v1/accounts/{account_id}/reset-link": Recipe(made=account),
    "DELETE /v1/invitations/{invitation_id}": Recipe(made=invitation),
    "POST /create-user": Recipe(json={"username": "{unique}", "password": "w0rd"}),
    "POST /find-or-create": Recipe(json={"username": "{unique}", "password": "w0rd"}),
    "POST /update-user/{username}": Recipe(made=account, json={"givenName": "Other"}),
    "GET /find/{username}": Recipe(made=account),
    "DELETE /destroy/{username}": Recipe(made=account),
    "POST /password-check": Recipe(json={"username": "{unique}", "password": "w0rd"}),
}

GATEWAY: Final = {
    "POST /api/batch": Recipe(json={"commands": []}),
    "POST /api/broadcast": Recipe(json={"channels": ["notes:m"], "data": {}}),
    "POST /api/channels": Recipe(json={}),
    "POST /api/disconnect": Recipe(json={"user": "nobody"}),
    "POST /api/history": Recipe(json={"channel": "home"}),
    "POST /api/history_remove": Recipe(json={"channel": "notes:m"}),
    "POST /api/info": Recipe(json={}),
    "POST /api/presence": Recipe(json={"channel": "home"}, answer=(200, "")),
    "POST /api/presence_stats": Recipe(json={"channel": "home"}, answer=(200, "")),
    "POST /api/publish": Recipe(json={"channel": "notes:m", "data": {}}),
    "POST /api/refresh": Recipe(json={"user": "nobody"}),
    "POST /api/subscribe": Recipe(json={"user": "nobody", "channel": "notes:m"}),
    "POST /api/unsubscribe": Recipe(json={"user": "nobody", "channel": "notes:m"}),
}
