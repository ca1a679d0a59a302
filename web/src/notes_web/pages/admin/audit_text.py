"""The lines of the audit log in an administrator's words. Pure.

The events are those of users-service's contract, and a test holds them against it. What a newer
users-service adds is shown by its name; ids are for programs and are not shown.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from notes_web.clients.users_types import AuditEventOut

EVENTS = {
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "reauthenticated": "Identity confirmed",
    "password_checked": "Password checked",
    "password_changed": "Password changed",
    "password_reset": "Password reset with a link",
    "reset_requested": "Password reset e-mail requested",
    "reset_link_created": "Reset link created",
    "email_verified": "E-mail address confirmed",
    "sign_in_link_created": "Sign-in link created",
    "session_ended": "One session ended",
    "sessions_ended": "Sessions ended",
    "account_created": "Account created",
    "account_changed": "Account changed",
    "account_deleted": "Account deleted",
    "account_disabled": "Account disabled",
    "account_enabled": "Account enabled",
    "account_exported": "Account exported",
    "roles_changed": "Role changed",
    "totp_added": "Two-step sign-in turned on",
    "totp_removed": "Two-step sign-in turned off",
    "recovery_codes_created": "Recovery codes created",
    "passkey_added": "Passkey added",
    "passkey_removed": "Passkey removed",
    "passkey_renamed": "Passkey renamed",
    "identity_linked": "Provider linked",
    "identity_unlinked": "Provider unlinked",
    "api_token_created": "API token created",
    "api_token_revoked": "API token revoked",
    "api_token_checked": "API token checked",
    "api_key_checked": "API key checked",
    "invitation_created": "Invitation created",
    "invitation_revoked": "Invitation revoked",
}
# What was tried, where it did not come to that.
_TRIED = {
    "signed_in": "Sign-in refused",
    "reauthenticated": "Identity not confirmed",
    "password_checked": "Password refused",
    "password_changed": "Password not changed",
    "password_reset": "Password reset refused",
    "reset_requested": "Password reset e-mail not sent",
    "email_verified": "E-mail address not confirmed",
    "totp_added": "Two-step sign-in not turned on",
    "totp_removed": "Two-step sign-in not turned off",
    "identity_linked": "Provider not linked",
    "api_token_checked": "API token refused",
    "api_key_checked": "API key refused",
}
_BEGUN = {
    "signed_in": "Sign-in started",
    "reauthenticated": "Identity confirmation started",
}
_OK, _STEP_ASKED = "ok", "second_step_asked"
_RESULTS = {
    _STEP_ASKED: "second step required",
    "wrong_credentials": "wrong name or password",
    "wrong_code": "wrong code",
    "code_required": "no code given",
    "passkey_refused": "passkey not accepted",
    "sign_in_refused": "not accepted",
    "identity_taken": "linked to another account",
    "signup_closed": "sign-up is closed",
    "invalid_invite": "invitation not valid",
    "invalid_reset_link": "link not valid",
    "invalid_email_link": "link not valid",
    "invalid_sign_in_link": "link not valid",
    "invalid_api_token": "token not valid",
    "unauthenticated": "key not valid",
    "unknown_account": "unknown user name",
    "no_verified_email": "no confirmed address",
    "mailed_lately": "one was sent recently",
    "mailed_enough": "daily limit reached",
    "provider_away": "provider not responding",
    "too_many_attempts": "too many attempts",
}
_ROLES = {"reader": "reader", "editor": "editor", "admin": "administrator"}
_FIELDS = {
    "emails": "e-mail address",
    "email": "e-mail address",
    "verified_email": "e-mail address",
    "name": "name",
    "family_name": "family name",
    "given_name": "given name",
    "middle_name": "middle name",
}
_WAYS = {"totp": "code of the app", "password change": "a changed password"}


def headline(line: AuditEventOut) -> dict[str, Any]:
    """`what` happened or was tried, and `why` it did not come to that, "" if it did."""
    event, result = line["event"], line["result"]
    done = EVENTS.get(event, _plain(event).capitalize())
    if result == _OK:
        return {"what": done, "why": "", "is_refused": False}
    why = _RESULTS.get(result, _plain(result))
    if result == _STEP_ASKED:
        return {"what": _BEGUN.get(event, done), "why": why, "is_refused": False}
    return {"what": _TRIED.get(event, f"Refused: {done}"), "why": why, "is_refused": True}


def particulars(facts: Mapping[str, Any]) -> list[str]:
    """What else is worth knowing, each in words."""
    return [words for name, value in facts.items() for words in _fact(name, value)]


def _fact(name: str, value: Any) -> Iterator[str]:
    if value in (None, False, "", [], {}) or _is_id(value):
        return
    if name in _FACTS:
        yield _FACTS[name](value)
    elif value is True:
        yield _plain(name)
    else:
        yield f"{_plain(name)}: {_listed(value)}"


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _role(roles: Any) -> str:
    """As the page of the account says it."""
    given = roles if isinstance(roles, list) else [roles]
    highest = next((role for role in ("admin", "editor", "reader") if role in given), "")
    return _ROLES.get(highest) or _listed(given)


def _fields(names: Any) -> str:
    return ", ".join(sorted({_FIELDS.get(each, _plain(each)) for each in names}))


def _by(ways: Any) -> str:
    return "by " + " and ".join(_WAYS.get(way, way) for way in str(ways).split(", "))


def _is_id(value: Any) -> bool:
    try:
        UUID(value)
    except (ValueError, AttributeError, TypeError):
        return False
    return True


def _plain(code: Any) -> str:
    return str(code).replace("_", " ")


_FACTS: Mapping[str, Callable[[Any], str]] = {
    "roles": lambda roles: f"as {_role(roles)}",
    "role": lambda role: f"as {_role(role)}",
    "from": lambda roles: f"from {_role(roles)}",
    "to": lambda roles: f"to {_role(roles)}",
    "fields": _fields,
    "by": _by,
    "provider": lambda issuer: f"at {issuer}",
    "check": lambda check: f"because of {_plain(check)}",
    "sessions": lambda number: f"{number} session{'' if number == 1 else 's'}",
    "scopes": lambda scopes: f"may {_listed(scopes)}",
}
