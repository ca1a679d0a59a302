"""Which e-mails there are, when one is due, and how long it is worth sending. Pure."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from users_service.domain.audit_events import OK, AuditEvent, AuditEventType

NOTICE_LIFETIME: Final = timedelta(days=3)

_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(minutes=10)


class EmailKind(Enum):
    """What an e-mail is about; the values are stored in the queue."""

    RESET_ASKED = "reset_asked"
    """Not an e-mail yet: the account is looked up in the background."""
    RESET_LINK = "reset_link"
    CONFIRM_EMAIL = "confirm_email"
    EMAIL_CHANGED = "email_changed"
    INVITATION = "invitation"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """What an e-mail says: in plain text, and the same in HTML. It names no recipient."""

    subject: str
    text: str
    html: str


WRONG_SECOND_STEPS: Final = {
    AuditEventType.SIGNED_IN: ("wrong_code", "passkey_refused"),
    AuditEventType.REAUTHENTICATED: ("wrong_code",),
    AuditEventType.PASSWORD_CHANGED: ("wrong_code",),
}
"""The first step was right, such as a password, and the second was not."""
WRONG_STEP_PAUSE: Final = timedelta(hours=1)
"""At most one e-mail in this time, however often somebody tries."""

NOTIFIED: Final = frozenset(
    {
        AuditEventType.PASSWORD_CHANGED,
        AuditEventType.PASSWORD_RESET,
        AuditEventType.RESET_LINK_CREATED,
        AuditEventType.SIGN_IN_LINK_CREATED,
        AuditEventType.TOTP_ADDED,
        AuditEventType.TOTP_REMOVED,
        AuditEventType.RECOVERY_CODES_CREATED,
        AuditEventType.PASSKEY_ADDED,
        AuditEventType.PASSKEY_REMOVED,
        AuditEventType.IDENTITY_LINKED,
        AuditEventType.IDENTITY_UNLINKED,
        AuditEventType.API_TOKEN_CREATED,
    }
)
"""The events whose success the account holder is told of, by e-mail."""


def notice_of(audit_event: AuditEvent) -> tuple[EmailKind, Mapping[str, Any]] | None:
    """Return the notice that the account holder gets of the event, or None if none is due."""
    account = audit_event.account
    if account is None or account.verified_email is None:
        return None
    is_wrong = audit_event.result in WRONG_SECOND_STEPS.get(audit_event.type, ())
    is_done = audit_event.type in NOTIFIED and audit_event.result == OK
    if not is_done and not is_wrong:
        return None
    event = AuditEventType.SIGNED_IN if is_wrong else audit_event.type
    facts = {"event": event.stored, "address": audit_event.by.address}
    if "provider" in audit_event.facts:
        facts["provider"] = audit_event.facts["provider"]
    if audit_event.by.name != account.username:
        facts["by"] = audit_event.by.name
    return EmailKind.NOTICE, facts


def spelled(name: str) -> str:
    """Return a username spaced out so that it makes no link: "www . evil . example"."""
    apart = (each if _is_of_a_word(each) else f" {each} " for each in name if _is_seen(each))
    return " ".join("".join(apart).split())


def _is_of_a_word(character: str) -> bool:
    return character in "_-+" or unicodedata.category(character)[0] in "LMN"


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) != "Cf"


def pause_after(tries: int) -> timedelta:
    """Return the wait before the next try: 30 s after the first, doubling up to 10 minutes."""
    # Half a minute, a whole one, two: the fifth is the longest already.
    return min(_FIRST_PAUSE * (1 << min(tries - 1, 10)), _LONGEST_PAUSE)
