"""A form that could not be taken just now, kept whole so that one press sends it again.

Used when a session ended, a page was out of date, or a service was away while somebody wrote.
Secrets are never kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from web.line_ends import normal
from web.visit import safe_path

# Whatever else a form has is not the person's writing.
FIELDS = (
    "title", "body", "text", "key", "version", "once", "choice", "notekey", "docreate",
    "base_title", "base", "writing",
)  # fmt: skip
WRITING = ("title", "body", "text")
_PREFIX = "parked_"


@dataclass(frozen=True, slots=True)
class Parked:
    action: str
    fields: dict[str, str]

    @property
    def has_writing(self) -> bool:
        return any(self.fields.get(name) for name in WRITING)


def park(action: str, form: Mapping[str, Any]) -> Parked | None:
    """None when there was nothing in it that somebody wrote."""
    parked = Parked(safe_path(action), _taken(form, ""))
    return parked if parked.has_writing else None


def carried(form: Mapping[str, Any]) -> Parked | None:
    """One that came along with another form, the sign-in."""
    action = form.get(_PREFIX + "action")
    if not isinstance(action, str):
        return None
    parked = Parked(safe_path(action), _taken(form, _PREFIX))
    return parked if parked.has_writing else None


def _taken(form: Mapping[str, Any], prefix: str) -> dict[str, str]:
    found = {name: form.get(prefix + name) for name in FIELDS}
    return {name: normal(value) for name, value in found.items() if isinstance(value, str)}
