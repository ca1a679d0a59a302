"""Valid values for tests; a test states only what matters to it."""

from datetime import UTC, datetime
from typing import Any

from notes_service.domain import Caller, Note, NoteRow, Person, Rendering
from notes_service.texts import Text

NOON = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ANA = Person("01998c5e-7f00-7000-8000-0000000000a1", "Ana")
BEN = Person("01998c5e-7f00-7000-8000-0000000000b2", "Ben")
MENU = Text("Menu", "Soup, bread & **apples**")
SEEN = Rendering("<p>Soup, bread &amp; <strong>apples</strong></p>\n", "Soup, bread & apples")


def a_row(**changes: Any) -> NoteRow:
    usual = {
        "id": 7,
        "key": "menu",
        "title": "Menu",
        "excerpt": SEEN.excerpt,
        "version": 1,
        "comments": 0,
        "author": ANA,
        "editor": ANA,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return NoteRow(**(usual | changes))


def a_note(**changes: Any) -> Note:
    return Note(a_row(**changes), MENU.body, SEEN.html)


def an_editor(person: Person = BEN) -> Caller:
    return Caller(person, frozenset({"editor"}))


def an_admin(person: Person = BEN) -> Caller:
    return Caller(person, frozenset({"editor", "admin"}))
