"""A form that could not be taken just now, kept whole so that one press sends it again.

Used when a session ended, a page was out of date, or a service was away while somebody wrote.
Secrets are never kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notes_web.request_context import safe_path
from notes_web.text.line_ends import normal

# Whatever else a form has is not the person's writing.
FIELDS = (
    "title", "body", "text", "key", "version", "once", "choice", "notekey", "docreate",
    "base_title", "base", "writing",
)  # fmt: skip
WRITING = ("title", "body", "text")
_PREFIX = "saved_form_"
# Of sign-in pages that the build before this one sent; read for one release.
_OLD_PREFIX = "parked_"


@dataclass(frozen=True, slots=True)
class SavedForm:
    """A form's target, and those of its fields that a person wrote or that belong to them."""

    action: str
    fields: dict[str, str]

    @property
    def has_writing(self) -> bool:
        """Whether there is anything in it that a person wrote."""
        return any(self.fields.get(name) for name in WRITING)


def keep(action: str, form: Mapping[str, Any]) -> SavedForm | None:
    """None when there was nothing in it that somebody wrote."""
    found = SavedForm(safe_path(action), _taken(form, ""))
    return found if found.has_writing else None


def carried(form: Mapping[str, Any]) -> SavedForm | None:
    """One that came along with another form, the sign-in."""
    for prefix in (_PREFIX, _OLD_PREFIX):
        action = form.get(prefix + "action")
        if isinstance(action, str):
            found = SavedForm(safe_path(action), _taken(form, prefix))
            return found if found.has_writing else None
    return None


def _taken(form: Mapping[str, Any], prefix: str) -> dict[str, str]:
    found = {name: form.get(prefix + name) for name in FIELDS}
    return {name: normal(value) for name, value in found.items() if isinstance(value, str)}
