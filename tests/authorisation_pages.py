"""For each route of web: a request that succeeds if its caller may make it."""

from typing import Final

from authorisation_cast import Cast
from authorisation_objects import (
    Values,
    account,
    api_token,
    api_token_stays,
    at,
    comment,
    deleted_comment,
    edited,
    invitation,
    note,
    passkey,
    passkey_stays,
    passkey_stays_named,
    reset_link,
    session,
    session_stays,
    task,
    trashed,
    versions,
    with_totp,
)
from authorisation_requests import FIRST, WORDS, Recipe

ONCE: Final = {"once": "{unique}"}
LOGIN: Final = {"username": "{unique}", "password": "a quiet river"}


def numbered(cast: Cast) -> Values:
    """A note at version 2, and the number of its first one as pages have it."""
    return versions(cast) | {"n": "1"}


WEB: Final = {
    "POST /notes/save": Recipe(form=WORDS | ONCE | {"docreate": "create", "notekey": ""}),
    "POST /notes/destroy/confirm": Recipe(form={"notekey": "{key}"}, made=note),
    "POST /notes/add": Recipe(form=WORDS | ONCE | {"key": "", "choice": "save"}),
    "GET /notes/{key}/edit": Recipe(made=note),
    "POST /notes/{key}/edit": Recipe(
        made=edited, form=WORDS | {"version": "{version}", "choice": "mine"}
    ),
    "POST /notes/{key}/tick": Recipe(
        made=task, form={"task": "{task}", "place": "0", "alike": "1", "checked": "yes"}
    ),
    "POST /notes/{key}/comments": Recipe(made=note, form={"text": "Soup"} | ONCE),
    "GET /notes/{key}/comments/{comment}/edit": Recipe(made=comment),
    "POST /notes/{key}/comments/{comment}/edit": Recipe(
        made=comment, form={"text": "Soup", "version": "1"} | ONCE
    ),
    "GET /notes/{key}/comments/{comment}/versions": Recipe(made=comment),
    "POST /notes/{key}/comments/{comment}/restore": Recipe(made=deleted_comment),
    "GET /notes/{key}/comments/{comment}/delete": Recipe(made=comment),
    "POST /notes/{key}/comments/{comment}/delete": Recipe(made=comment),
    "GET /notes/{key}": Recipe(made=note),
    "GET /notes/{key}/delete": Recipe(made=note),
    "POST /notes/{key}/delete": Recipe(made=edited, form={"version": "{version}"}),
    "POST /notes/{key}/restore": Recipe(made=trashed),
    "POST /notes/{key}/looked": Recipe(made=note, form={"version": "1"}),
    "GET /notes/{key}/history": Recipe(made=note),
    "GET /notes/{key}/history/compare": Recipe(made=note),
    "GET /live/notes/{key}/history": Recipe(made=note),
    "GET /notes/{key}/history/{n}": Recipe(made=numbered),
    "POST /notes/{key}/history/{n}/restore": Recipe(
        made=numbered, form={"version": "2"} | ONCE
    ),
    "GET /notes/{key}/history/{n}/delete": Recipe(made=numbered),
    "POST /notes/{key}/history/{n}/delete": Recipe(made=numbered),
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
    "POST /account/email-verification-request": Recipe(answer=(409, "")),
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
