"""A version as people say it: how much it changed, and how it came to be. Pure."""

from typing import TypedDict

from notes_web.clients.notes_types import PersonOut, VersionOut

HOW = {
    "page": "",
    "autosave": "saved while typing",
    "api": "by a program",
    "import": "imported",
    "merge": "merged with another change",
}


class VersionRow(TypedDict):
    """A version as its list shows it, rendered or live."""

    version: int
    by: PersonOut
    at: str
    did: str
    deleted: bool


def row(version: VersionOut) -> VersionRow:
    """Returns what the list shows of a version."""
    return {
        "version": version["version"],
        "by": version["by"],
        "at": version["at"],
        "did": did(version),
        "deleted": version["deleted"],
    }


def did(version: VersionOut) -> str:
    """Returns "· changed 3 lines · imported", as it goes on after a time; "" if that is all."""
    said = (_lines(version["changed_lines"]), _how(version))
    return " ".join(f"· {each}" for each in said if each)


def _lines(changed: int | None) -> str:
    if changed is None:
        return ""
    # What was only taken out, or only another title, puts nothing in.
    return "no new lines" if changed == 0 else f"changed {changed} {_noun(changed)}"


def _how(version: VersionOut) -> str:
    """Nothing for the usual way, and for ways of later releases."""
    if version["via"] == "restore":
        source = version["restored_from"]
        return f"restored from version {source}" if source else "restored from the trash"
    return HOW.get(version["via"], "")


def _noun(number: int) -> str:
    return "line" if number == 1 else "lines"
