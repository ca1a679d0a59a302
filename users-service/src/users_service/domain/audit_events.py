"""Audit events: one for each act on an account, a right or a credential. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from users_service.domain.accounts import Account
from users_service.domain.principals import Principal

OK: Final = "ok"


class AuditEventType(Enum):
    """What happened. The values are public: people filter the log by them."""

    ACCOUNT_CREATED = "account_created"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_DELETED = "account_deleted"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_EXPORTED = "account_exported"
    ROLES_CHANGED = "roles_changed"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    REAUTHENTICATED = "reauthenticated"
    PASSWORD_CHECKED = "password_checked"  # noqa: S105 - a name
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a name
    RESET_REQUESTED = "reset_requested"
    RESET_LINK_CREATED = "reset_link_created"
    EMAIL_VERIFIED = "email_verified"
    SIGN_IN_LINK_CREATED = "sign_in_link_created"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    RECOVERY_CODES_CREATED = "recovery_codes_created"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_RENAMED = "passkey_renamed"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    API_TOKEN_CREATED = "api_token_created"  # noqa: S105 - a name
    API_TOKEN_CHECKED = "api_token_checked"  # noqa: S105 - a name
    """Written only for a wrong token, as with keys: the right ones would fill the log."""
    API_KEY_CHECKED = "api_key_checked"
    API_TOKEN_REVOKED = "api_token_revoked"  # noqa: S105 - a name
    INVITATION_CREATED = "invitation_created"
    INVITATION_REVOKED = "invitation_revoked"

    @property
    def stored(self) -> str:
        """Return the name in the database, which the last release reads and writes, too."""
        return _STORED.get(self, self.value)

    @classmethod
    def of_stored(cls, name: str) -> "AuditEventType":
        """Return the event of this name in the database; raise ValueError if there is none."""
        return _OF_STORED.get(name) or cls(name)


# The names of 0.1.0-rc1. A line of the log is never changed; and while its replicas may run on
# this database, new lines have them too: it cannot show others, nor send notices of them.
_STORED: Final = {
    AuditEventType.RESET_REQUESTED: "reset_asked",
    AuditEventType.RESET_LINK_CREATED: "reset_link_made",
    AuditEventType.EMAIL_VERIFIED: "email_proven",
    AuditEventType.SIGN_IN_LINK_CREATED: "sign_in_link_made",
    AuditEventType.RECOVERY_CODES_CREATED: "recovery_codes_made",
    AuditEventType.API_TOKEN_CREATED: "api_token_made",
    AuditEventType.INVITATION_CREATED: "invitation_made",
}
_OF_STORED: Final = {name: event for event, name in _STORED.items()}

_RESULTS_BEFORE: Final = {
    "last_way_in": "last_sign_in_method",
    "no_proven_address": "no_verified_email",
    "password_login_off": "password_sign_in_disabled",
    "provider_cannot_prove": "provider_cannot_reauthenticate",
    "second_step_ended": "two_factor_challenge_ended",
    "totp_is_off": "totp_not_enabled",
    "totp_is_on": "totp_already_enabled",
}


def result_of_stored(result: str) -> str:
    """Return the result of a line by its name today, whichever release wrote it."""
    return _RESULTS_BEFORE.get(result, result)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One line of the audit log.

    `facts` never hold a secret, nor anything typed by someone who is not signed in.
    """

    type: AuditEventType
    by: Principal
    account: Account | None = None
    """The account the event is about, if it is about one."""
    result: str = OK
    """"ok", or the code of the refusal."""
    facts: Mapping[str, Any] = field(default_factory=dict)
