"""Valid values for tests; a test states only what matters to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from notes_service.again import Again
from notes_service.domain import Caller, Note, NoteRow, Person, Rendering
from notes_service.metrics import Metrics
from notes_service.notes import Notes
from notes_service.once import Once
from notes_service.quota import Quota
from notes_service.rendering import Renderer
from notes_service.store.database import Database
from notes_service.texts import Text
from prometheus_client import CollectorRegistry

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


def use_cases(database: Database, ring: Callable[[], None] = lambda: None) -> Notes:
    """Of a day that stands still and has room for all that is written."""
    renderer = Renderer()
    return Notes(
        database,
        Once(database, lambda: NOON),
        renderer,
        Again(database, renderer),
        Quota(database, lambda: NOON, 2**40),
        Metrics(CollectorRegistry()),
        ring,
        lambda: NOON,
    )
