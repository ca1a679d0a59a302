"""What e-mails say, when one is due, and how long it is worth sending. Pure.

An e-mail names the account, what happened, when and from where. It never contains text that
somebody else chose, such as display names and titles. Usernames are the exception: they are
spelled so that no mail program makes a link of them.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from users_service.domain.audit_events import OK, AuditEvent, AuditEventType

NOTICE_LIFETIME: Final = timedelta(days=3)
RESET_PAGE: Final = "/users/reset"
CONFIRM_PAGE: Final = "/users/confirm-email"
INVITED_PAGE: Final = "/users/signup?invited=1"

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
    """The text of an e-mail in plain text: no HTML, and no recipient."""

    subject: str
    body: str


WRONG_SECOND_STEPS: Final = {
    AuditEventType.SIGNED_IN: ("wrong_code", "passkey_refused"),
    AuditEventType.REAUTHENTICATED: ("wrong_code",),
    AuditEventType.PASSWORD_CHANGED: ("wrong_code",),
}
"""The first step was right, such as a password, and the second was not."""
WRONG_STEP_PAUSE: Final = timedelta(hours=1)
"""At most one e-mail in this time, however often somebody tries."""

_NOTICES: Final = {
    AuditEventType.SIGNED_IN: (
        "Somebody gave your password or link, and then a wrong second step."
    ),
    AuditEventType.PASSWORD_CHANGED: "The password was changed.",
    AuditEventType.PASSWORD_RESET: "A new password was set with a one-time link.",
    AuditEventType.RESET_LINK_MADE: "A one-time link was made that sets a new password.",
    AuditEventType.SIGN_IN_LINK_MADE: "A one-time link was made that signs in.",
    AuditEventType.TOTP_ADDED: "Two-step sign-in was switched on.",
    AuditEventType.TOTP_REMOVED: "Two-step sign-in was switched off.",
    AuditEventType.RECOVERY_CODES_MADE: "New recovery codes were made. The old ones are void.",
    AuditEventType.PASSKEY_ADDED: "A passkey was added. It can sign in to your account.",
    AuditEventType.PASSKEY_REMOVED: "A passkey was removed.",
    AuditEventType.IDENTITY_LINKED: "Another way to sign in was linked: {provider}",
    AuditEventType.IDENTITY_UNLINKED: "A way to sign in was unlinked: {provider}",
    AuditEventType.API_TOKEN_MADE: "An API token was made. Programs that have it act as you.",
}


def notice_of(audit_event: AuditEvent) -> tuple[EmailKind, Mapping[str, Any]] | None:
    """Return the notice that the account holder gets of the event, or None if none is due."""
    account = audit_event.account
    if account is None or account.proven_email is None:
        return None
    is_wrong = audit_event.result in WRONG_SECOND_STEPS.get(audit_event.type, ())
    is_done = (
        audit_event.type in _NOTICES
        and audit_event.type is not AuditEventType.SIGNED_IN
        and audit_event.result == OK
    )
    if not is_done and not is_wrong:
        return None
    event = AuditEventType.SIGNED_IN if is_wrong else audit_event.type
    facts = {"event": event.value, "address": audit_event.by.address}
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


def compose(
    kind: EmailKind,
    *,
    username: str,
    at: datetime,
    facts: Mapping[str, Any],
    token: str,
    site: str,
) -> Email:
    """Return subject and body of an e-mail of this kind.

    `token` goes behind the # of the link, where no server and no log sees it.
    """
    username = spelled(username)
    match kind:
        case EmailKind.RESET_LINK:
            link = f"{site}{RESET_PAGE}#token={token}"
            subject, text = "A new password", _reset(username, link)
        case EmailKind.CONFIRM_EMAIL:
            link = f"{site}{CONFIRM_PAGE}#token={token}"
            subject, text = "Is this your e-mail address?", _confirm(username, link)
        case EmailKind.EMAIL_CHANGED:
            subject = "Your e-mail address was changed"
            sentence = "The e-mail address was changed or taken away."
            text = _notice(username, sentence, at, facts, site)
        case EmailKind.INVITATION:
            subject, text = "An invitation", _invited(f"{site}{INVITED_PAGE}#invite={token}")
        case _:
            event = AuditEventType(facts["event"])
            sentence = _NOTICES[event].format(provider=facts.get("provider", ""))
            subject = sentence.partition(".")[0].partition(":")[0]
            text = _notice(username, sentence, at, facts, site)
    return Email(subject=f"{subject} · Notes", body=f"{text}\n-- \nNotes, {site}\n")


def _reset(username: str, link: str) -> str:
    return (
        f"Somebody, probably you, asked for a new password for the account {username}.\n\n"
        f"Set it here, within an hour and once:\n\n{link}\n\n"
        "It was not you? Then there is nothing to do: without this link nothing changes.\n"
    )


def _confirm(username: str, link: str) -> str:
    return (
        f"The account {username} says that this is its e-mail address.\n\n"
        f"If that is right, confirm it here, within a day:\n\n{link}\n\n"
        "If you do not know that account, there is nothing to do.\n"
    )


def _invited(link: str) -> str:
    return (
        "You are invited to write notes together.\n\n"
        f"Make your account here, within a week and once:\n\n{link}\n"
    )


def _notice(
    username: str, sentence: str, at: datetime, facts: Mapping[str, Any], site: str
) -> str:
    about = [f"Account: {username}", f"When: {at:%Y-%m-%d %H:%M} UTC"]
    if facts.get("address"):
        about.append(f"From: {facts['address']}")
    if facts.get("by"):
        about.append(f"By: {spelled(facts['by'])}")
    return (
        f"{sentence}\n\n" + "\n".join(about) + "\n\n"
        "If you know of it, there is nothing to do. If not, sign in, end your other sessions "
        f"and\nchange your password, or tell an administrator:\n\n{site}/account/sessions\n"
    )
