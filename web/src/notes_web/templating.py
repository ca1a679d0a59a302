"""What templates can call besides plain Jinja2."""

import secrets
from datetime import UTC, datetime
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup


def environment(bare: Environment) -> Environment:
    """Adds our filters and functions to a Jinja2 environment."""
    bare.filters["sanitised"] = sanitised
    bare.filters["readable"] = readable
    bare.filters["initials"] = initials
    bare.filters["hue"] = hue
    bare.filters["in_address"] = in_address
    bare.globals["fresh_once"] = lambda: secrets.token_urlsafe(16)
    return bare


def sanitised(html: str) -> Markup:
    """HTML that notes-service cleaned. The only place where text enters a page unescaped."""
    return Markup(html)  # noqa: S704 - cleaned by its maker


def readable(time: str) -> str:
    """A time for those whose browser runs no script: absolute, UTC."""
    if not time:
        return ""
    moment = datetime.fromisoformat(time).astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def initials(name: str) -> str:
    """Returns one or two capitals for an avatar, "?" for an empty name."""
    words = name.split()
    first = words[0][0] if words else "?"
    last = words[-1][0] if len(words) > 1 else ""
    return (first + last).upper()


def in_address(text: str) -> str:
    """A part of an address, encoded as `encodeURIComponent` does."""
    return quote(text, safe="!'()*")


def hue(name: str) -> int:
    """Which of the six colours of avatars: the same for the same name, everywhere."""
    return sum(map(ord, name)) % 6
