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
    RESET_ASKED = "reset_asked"
    RESET_LINK_MADE = "reset_link_made"
    EMAIL_VERIFIED = "email_proven"
    SIGN_IN_LINK_MADE = "sign_in_link_made"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_RENAMED = "passkey_renamed"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    API_TOKEN_MADE = "api_token_made"  # noqa: S105 - a name
    API_TOKEN_CHECKED = "api_token_checked"  # noqa: S105 - a name
    """Written only for a wrong token, as with keys: the right ones would fill the log."""
    API_KEY_CHECKED = "api_key_checked"
    API_TOKEN_REVOKED = "api_token_revoked"  # noqa: S105 - a name
    INVITATION_MADE = "invitation_made"
    INVITATION_REVOKED = "invitation_revoked"


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
