"""What e-mails say, in plain text and in HTML: the templates of `templates/` (Jinja2).

An e-mail names the account, what happened, when and from where. It never contains text that
somebody else chose, such as display names and titles. Usernames are the exception: they are
spelled so that no mail program makes a link of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from users_service.domain.audit_events import AuditEventType
from users_service.domain.emails import Email, EmailKind, spelled

RESET_PAGE: Final = "/users/reset#token="
CONFIRM_PAGE: Final = "/users/confirm-email#token="
INVITED_PAGE: Final = "/users/signup?invited=1#invite="

_PAGES: Final = {
    EmailKind.RESET_LINK: RESET_PAGE,
    EmailKind.CONFIRM_EMAIL: CONFIRM_PAGE,
    EmailKind.INVITATION: INVITED_PAGE,
}
"""Where an e-mail's link leads; the others are notices, which have no token."""


def _event_of(kind: EmailKind, facts: Mapping[str, Any]) -> str:
    return AuditEventType.of_stored(facts["event"]).value if "event" in facts else kind.value


def environment() -> Environment:
    """Return the environment of the templates: what is put into HTML is escaped."""
    return Environment(
        loader=PackageLoader("users_service.mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailTemplates:
    """Writes e-mails."""

    site: str
    """Where the links in e-mails lead, without a slash at the end."""
    templates: Environment = field(default_factory=environment)

    def render(
        self,
        kind: EmailKind,
        *,
        username: str,
        at: datetime,
        facts: Mapping[str, Any],
        token: str,
    ) -> Email:
        """Return subject and texts of an e-mail of this kind.

        `token` goes behind the # of the link, where no server and no log sees it.
        """
        name = kind.value if kind in _PAGES else EmailKind.NOTICE.value
        said = {
            "site": self.site,
            "username": spelled(username),
            "link": f"{self.site}{_PAGES.get(kind, '')}{token}",
            "at": f"{at:%Y-%m-%d %H:%M}",
            "event": _event_of(kind, facts),
            "address": facts.get("address") or "",
            "provider": facts.get("provider") or "",
            "by": spelled(facts.get("by") or ""),
        }
        plain = self.templates.get_template(f"{name}.txt").make_module(said)
        subject = str(getattr(plain, "subject"))  # noqa: B009 - the template sets it
        html = self.templates.get_template(f"{name}.html").render(said, subject=subject)
        return Email(subject=f"{subject} · Notes", text=f"{plain}\n", html=f"{html}\n")
