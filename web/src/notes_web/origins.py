"""The name of this site, as addresses and requests say it. Pure.

There is one, PUBLIC_URL's: a page that somebody else's name was bound to has another one, and
so has a form that such a page sends.
"""

import re
from typing import Final, NamedTuple

_ORIGIN: Final = re.compile(r"(https?)://(.+)", re.IGNORECASE)
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_PORTS: Final = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port, in lower case (RFC 6454, section 4)."""

    scheme: str
    host: str
    port: int


def origin_of(text: str) -> Origin | None:
    """Of an Origin header or an address without a path; None for what is none."""
    found = _ORIGIN.fullmatch(text.rstrip("/"))
    return _origin(found[1].lower(), found[2]) if found else None


def is_asked_for(site: Origin, hosts: list[str]) -> bool:
    """Whether these Host headers, of which there has to be one, name the site."""
    return len(hosts) == 1 and _origin(site.scheme, hosts[0]) == site


def _origin(scheme: str, netloc: str) -> Origin | None:
    found = _HOST.fullmatch(netloc)
    if found is None:
        return None
    return Origin(scheme, found[1].lower(), int(found[2] or _PORTS[scheme]))
