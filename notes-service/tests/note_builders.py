"""Valid values for tests; a test states only what matters to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from notes_service.domain.limits import Text
from notes_service.domain.notes import Caller, Note, NoteSummary, Person, Rendering
from notes_service.jobs.rederivation import Rederivation
from notes_service.metrics import Metrics
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from notes_service.use_cases.idempotency import Idempotency
from notes_service.use_cases.notes import Notes
from notes_service.use_cases.quota import Quota
from prometheus_client import CollectorRegistry

NOON = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ANA = Person("01998c5e-7f00-7000-8000-0000000000a1", "Ana")
BEN = Person("01998c5e-7f00-7000-8000-0000000000b2", "Ben")
MENU = Text("Menu", "Soup, bread & **apples**")
RENDERED = Rendering(
    "<p>Soup, bread &amp; <strong>apples</strong></p>\n", "Soup, bread & apples"
)


def a_summary(**changes: Any) -> NoteSummary:
    usual = {
        "id": 7,
        "key": "menu",
        "title": "Menu",
        "excerpt": RENDERED.excerpt,
        "version": 1,
        "comments": 0,
        "author": ANA,
        "editor": ANA,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return NoteSummary(**(usual | changes))


def a_note(**changes: Any) -> Note:
    return Note(a_summary(**changes), MENU.body, RENDERED.html)


def an_editor(person: Person = BEN) -> Caller:
    return Caller(person, frozenset({"editor"}))


def an_admin(person: Person = BEN) -> Caller:
    return Caller(person, frozenset({"editor", "admin"}))


def use_cases(database: Database, wake_relay: Callable[[], None] = lambda: None) -> Notes:
    """Of a day that stands still and has room for all that is written."""
    renderer = Renderer()
    return Notes(
        database,
        Idempotency(database, lambda: NOON),
        renderer,
        Rederivation(database, renderer).by_current_rules,
        Quota(database, lambda: NOON, 2**40),
        Metrics(CollectorRegistry()),
        wake_relay,
        lambda: NOON,
    )
