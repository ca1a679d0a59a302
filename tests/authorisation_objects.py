"""What has to exist before a request of the matrix can succeed; it is the author's."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from authorisation_cast import Cast

Values = dict[str, str]
"""What stands in the path and in the body, by name."""
Make = Callable[[Cast], Values]
Find = Callable[[Cast, Values], bool]


def note(cast: Cast) -> Values:
    made = _author(cast).create("Matrix", "Soup")
    return {"key": made["key"]}


def task(cast: Cast) -> Values:
    made = _author(cast).create("Matrix", "- [ ] Soup")
    (found,) = re.findall(r'data-task="(\w+)"', made["html"])
    return {"key": made["key"], "task": found}


def trashed(cast: Cast) -> Values:
    values = note(cast)
    _author(cast).delete(values["key"], version=1)
    return values


def versions(cast: Cast) -> Values:
    """A note at version 2; `version` is its first one."""
    values = note(cast)
    _author(cast).save(values["key"], version=1, title="Matrix", body="Tea")
    return values | {"version": "1"}


def comment(cast: Cast) -> Values:
    values = note(cast)
    made = _author(cast).comment(values["key"], "Mine")
    return values | {"comment_id": str(made["id"]), "comment": str(made["id"])}


def deleted_comment(cast: Cast) -> Values:
    values = comment(cast)
    _author(cast).delete_comment(values["key"], int(values["comment"]))
    return values


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


def at(make: Make, *names: str) -> Make:
    """`make`, and the rest of a program's path: its values with these names."""

    def made(cast: Cast) -> Values:
        values = make(cast)
        return values | {"rest": "".join(f"/{values[name]}" for name in names)}

    return made


def edited(cast: Cast) -> Values:
    return note(cast) | {"version": "1"}
