"""For each route of the matrix: a request that succeeds if its caller may make it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from authorisation_cast import Caller, Cast

Values = dict[str, str]
"""What stands in the path and in the body, by name."""
Make = Callable[[Cast], Values]
Find = Callable[[Cast, Values], bool]


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


# What there has to be.


def note(cast: Cast) -> Values:
    made = _author(cast).create("Matrix", "Soup")
    return {"key": made["key"]}


def trashed(cast: Cast) -> Values:
    values = note(cast)
    _author(cast).delete(values["key"], version=1)
    return values


def comment(cast: Cast) -> Values:
    values = note(cast)
    made = _author(cast).comment(values["key"], "Mine")
    return values | {"comment_id": str(made["id"]), "comment": str(made["id"])}


def account(cast: Cast) -> Values:
    person = cast.stack.people.sign_up("Victim")
    return {"account_id": person.id, "username": person.username, "account": person.id}


def session(cast: Cast) -> Values:
    before = _of_author(cast, "/v1/sessions", "sessions")
    cast.sign_in(_author(cast))
    return {"session_id": (_of_author(cast, "/v1/sessions", "sessions") - before).pop()}


def session_stays(cast: Cast, values: Values) -> bool:
    return values["session_id"] in _of_author(cast, "/v1/sessions", "sessions")


def api_token(cast: Cast) -> Values:
    return {"token_id": str(cast.new_api_token(cast.at["author"])["id"])}


def api_token_stays(cast: Cast, values: Values) -> bool:
    return values["token_id"] in _of_author(cast, "/v1/api-tokens", "api_tokens")


def invitation(cast: Cast) -> Values:
    return {"invitation_id": str(cast.operate("POST", "/v1/invitations")["id"])}


def passkey(cast: Cast) -> Values:
    made, owner = str(uuid4()), _author(cast).id
    cast.in_database(
        "INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, name,"  # noqa: S608
        " transports, is_backed_up, created_at)"
        f" VALUES ('{made}', '{owner}', '{made}', 'x', 0, 'Key', '{{}}', false, now())"
    )
    return {"passkey_id": made}


def passkey_stays(cast: Cast, values: Values) -> bool:
    return values["passkey_id"] in _of_author(cast, "/v1/account/passkeys", "passkeys")


def passkey_stays_named(cast: Cast, values: Values) -> bool:
    found = cast.asked(cast.at["author"], "GET", "/v1/account/passkeys")["passkeys"]
    names = {each["id"]: each["name"] for each in found}
    return bool(names[values["passkey_id"]] == "Key")


def with_totp(cast: Cast) -> Values:
    values = account(cast)
    cast.in_database(
        "INSERT INTO totp (account_id, secret, confirmed_at, last_step)"  # noqa: S608
        f" VALUES ('{values['account_id']}', 'JBSWY3DPEHPK3PXP', now(), 0)"
    )
    return values


def reset_link(cast: Cast) -> Values:
    values = account(cast)
    link = cast.operate("POST", f"/v1/accounts/{values['account_id']}/reset-link")
    return values | {"link": link["token"]}


def _author(cast: Cast) -> Any:
    return cast.at["author"].person


def _of_author(cast: Cast, path: str, name: str) -> set[str]:
    return {each["id"] for each in cast.asked(cast.at["author"], "GET", path)[name]}


FIRST: Final = {"If-Match": '"1"'}
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
    "GET /v1/notes/{key}/comments": Recipe(made=note),
    "POST /v1/notes/{key}/comments": Recipe(made=note, json={"text": "Soup"}),
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
        json={"token": "x" * 43, "code": "123456"}, answer=(403, "second_step_ended")
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
    "DELETE /v1/account/totp": Recipe(answer=(409, "totp_is_off")),
    "POST /v1/account/totp/confirm": Recipe(
        json={"code": "123456"}, answer=(409, "totp_is_off")
    ),
    "POST /v1/account/recovery-codes": Recipe(answer=(409, "totp_is_off")),
    "DELETE /v1/accounts/{account_id}/totp": Recipe(made=with_totp),
    "POST /v1/account/passkeys": Recipe(
        json=PROOF | {"name": "Key"}, answer=(403, "passkey_refused")
    ),
    "PATCH /v1/account/passkeys/{passkey_id}": Recipe(made=passkey, json={"name": "Other"}),
    "DELETE /v1/account/passkeys/{passkey_id}": Recipe(made=passkey),
    "POST /v1/api-tokens": Recipe(json={"name": "matrix", "scopes": ["read"]}),
    "DELETE /v1/api-tokens/{token_id}": Recipe(made=api_token),
    "POST /v1/password-resets/letters": Recipe(
        json={"account": "{unique}"}, answer=(409, "mail_off")
    ),
    "POST /v1/password-resets": Recipe(
        json={"token": "{link}", "password": "nine green apples"}, made=reset_link
    ),
    "POST /v1/account/email/letters": Recipe(answer=(409, "mail_off")),
    "POST /v1/email-proofs": Recipe(
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


def at(make: Make, *names: str) -> Make:
    """`make`, and the rest of a program's path: its values with these names."""

    def made(cast: Cast) -> Values:
        values = make(cast)
        return values | {"rest": "".join(f"/{values[name]}" for name in names)}

    return made


def edited(cast: Cast) -> Values:
    return note(cast) | {"version": "1"}


ONCE: Final = {"once": "{unique}"}
LOGIN: Final = {"username": "{unique}", "password": "a quiet river"}

WEB: Final = {
    "POST /notes/save": Recipe(form=WORDS | ONCE | {"docreate": "create", "notekey": ""}),
    "POST /notes/destroy/confirm": Recipe(form={"notekey": "{key}"}, made=note),
    "POST /notes/add": Recipe(form=WORDS | ONCE | {"key": "", "choice": "save"}),
    "GET /notes/{key}/edit": Recipe(made=note),
    "POST /notes/{key}/edit": Recipe(
        made=edited, form=WORDS | {"version": "{version}", "choice": "mine"}
    ),
    "POST /notes/{key}/comments": Recipe(made=note, form={"text": "Soup"} | ONCE),
    "POST /notes/{key}/comments/{comment}/delete": Recipe(made=comment),
    "GET /notes/{key}": Recipe(made=note),
    "GET /notes/{key}/delete": Recipe(made=note),
    "POST /notes/{key}/delete": Recipe(made=edited, form={"version": "{version}"}),
    "POST /notes/{key}/restore": Recipe(made=trashed),
    "GET /live/notes/{key}": Recipe(made=note),
    "GET /live/notes/{key}/comments": Recipe(made=note),
    "GET /live/notes/{key}/present": Recipe(made=note),
    "POST /users/login": Recipe(form=LOGIN, answer=(401, "")),
    "POST /users/logout": Recipe(spends=True),
    "POST /users/signup": Recipe(form=LOGIN, spends=True),
    "POST /users/login/code": Recipe(
        form={"step": "x" * 43, "code": "123456"}, answer=(403, "")
    ),
    "POST /users/login/passkey": Recipe(
        form={"flow": "x" * 43, "credential": "{}"}, answer=(403, "")
    ),
    "POST /account/passkeys": Recipe(
        form={"flow": "x" * 43, "credential": "{}", "name": "Key"}, answer=(403, "")
    ),
    "POST /account/passkeys/{passkey_id}/remove": Recipe(made=passkey, stays=passkey_stays),
    "GET /users/callback/{provider}": Recipe(answer=(404, "")),
    "POST /account/passkeys/{passkey_id}/name": Recipe(
        made=passkey, form={"name": "Other"}, stays=passkey_stays_named
    ),
    "POST /account/email/letter": Recipe(answer=(409, "")),
    "POST /users/forgot": Recipe(form={"account": "{unique}"}, answer=(409, "")),
    "POST /users/confirm-email": Recipe(form={"token": "x" * 43}, answer=(403, "")),
    "POST /users/login/at/{provider}": Recipe(answer=(404, "")),
    "POST /account/link/{provider}": Recipe(answer=(404, "")),
    "POST /account/unlink/{provider}": Recipe(answer=(404, "")),
    "POST /account/confirm/at/{provider}": Recipe(answer=(403, "")),
    "POST /users/sign-in-link": Recipe(form={"token": "x" * 43}, answer=(403, "")),
    "POST /account/password": Recipe(
        form={"old_password": "{password}", "password": "nine green apples"}, spends=True
    ),
    "POST /users/reset": Recipe(
        form={"token": "{link}", "password": "nine green apples"}, made=reset_link
    ),
    "POST /account/confirm": Recipe(
        form={"confirm_action": "/account/export", "confirm_password": "{password}"}
    ),
    "POST /account": Recipe(form={"name": "Other", "email": ""}, spends=True),
    "POST /account/delete": Recipe(form={"username": "{own}"}, spends=True),
    "POST /account/two-step/begin": Recipe(spends=True),
    "POST /account/two-step/confirm": Recipe(form={"code": "123456"}, answer=(409, "")),
    "POST /account/two-step/codes": Recipe(answer=(409, "")),
    "POST /account/two-step/remove": Recipe(answer=(409, "")),
    "POST /account/sessions/others/end": Recipe(spends=True),
    "POST /account/sessions/{session_id}/end": Recipe(made=session, stays=session_stays),
    "POST /account/tokens": Recipe(
        form={"name": "matrix", "scope_read": "yes", "expires": "30"}
    ),
    "POST /account/tokens/{token_id}/revoke": Recipe(made=api_token, stays=api_token_stays),
    "GET /admin/accounts/{account_id}": Recipe(made=account),
    "POST /admin/accounts/{account_id}/role": Recipe(made=account, form={"role": "reader"}),
    "POST /admin/accounts/{account_id}/disable": Recipe(made=account),
    "POST /admin/accounts/{account_id}/enable": Recipe(made=account),
    "POST /admin/accounts/{account_id}/two-step/remove": Recipe(made=with_totp),
    "POST /admin/accounts/{account_id}/sessions/end": Recipe(made=account),
    "POST /admin/accounts/{account_id}/reset-link": Recipe(made=account),
    "POST /admin/invitations": Recipe(form={"role": "editor"}),
    "POST /admin/invitations/{invitation_id}/revoke": Recipe(made=invitation),
    "POST /api/v1/preview": Recipe(json={"body": "Soup"}),
    "GET /api/v1/notes{rest}": Recipe(made=lambda _: {"rest": ""}),
    "POST /api/v1/notes{rest}": Recipe(made=lambda _: {"rest": ""}, json=WORDS),
    "PUT /api/v1/notes{rest}": Recipe(made=at(note, "key"), json=WORDS, headers=FIRST),
    "DELETE /api/v1/notes{rest}": Recipe(made=at(note, "key"), headers=FIRST),
}
