"""The five cookies of this site and what each is for.

All are HttpOnly and SameSite=Lax; over https they are Secure and carry the __Host- prefix, so
that neither a subdomain nor plain http can plant one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import Response

_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and writes this site's cookies; `https` decides about Secure and __Host-."""

    https: bool

    SESSION = "notes_session"  # the opaque session token of users-service
    BROWSER = "notes_browser"  # a nonce that form tokens of anonymous readers are bound to
    MESSAGE = "notes_message"  # what the next page tells, signed
    FLOW = "notes_flow"  # what ties a return from a provider to this browser, signed
    THEME = "notes_theme"  # light or dark; absent: as the system says

    def read(self, sent: Mapping[str, str], name: str) -> str:
        """Returns a cookie's value, "" if it was not sent."""
        return sent.get(self._name(name), "")

    def write(self, response: Response, name: str, value: str, *, seconds: int | None) -> None:
        """`seconds` None: until the browser closes."""
        response.set_cookie(
            self._name(name),
            value,
            max_age=seconds,
            path="/",
            secure=self.https,
            httponly=True,
            samesite="lax",
        )

    def write_session(self, response: Response, token: str, *, expires_at: str) -> None:
        """Writes the session's token, to be kept until it expires (ISO 8601)."""
        left = datetime.fromisoformat(expires_at) - datetime.now(UTC)
        self.write(response, self.SESSION, token, seconds=max(0, int(left.total_seconds())))

    def write_theme(self, response: Response, theme: str) -> None:
        """Writes light or dark; anything else erases the choice."""
        if theme in ("light", "dark"):
            self.write(response, self.THEME, theme, seconds=_YEAR_SECONDS)
        else:
            self.erase(response, self.THEME)

    def erase(self, response: Response, name: str) -> None:
        """Tells the browser to drop a cookie."""
        response.delete_cookie(
            self._name(name), path="/", secure=self.https, httponly=True, samesite="lax"
        )

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.https else name
