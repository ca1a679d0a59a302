"""Promise 1: nobody's text is replaced without being told. Clients of any habits, at random."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from note_builders import an_editor, use_cases
from notes_service.domain.errors import NoteGone, VersionConflict
from notes_service.domain.limits import Draft
from notes_service.domain.notes import Person
from notes_service.store.database import Database

pytestmark = pytest.mark.long

PEOPLE = st.integers(0, 4)


@dataclass
class Page:
    """An open editor: the version that was read, and the text that is being typed."""

    version: int = 1
    draft: str = "0"


class Editors(RuleBasedStateMachine):
    url: str

    @initialize()
    def open_pages(self) -> None:
        self.loop = asyncio.Runner()
        database = Database(self.url, pool_size=2)
        self.database = database
        self.notes = use_cases(database)
        self.key = f"note-{uuid4().hex}"  # other tests have left notes here
        self.history = ["0"]
        self.pages = [Page() for _ in range(5)]
        self.loop.run(
            self.notes.create(
                caller=an_editor(), key=self.key, draft=Draft("t", "0"), idempotency_key=None
            )
        )

    @rule(who=PEOPLE, text=st.text("abc", min_size=1, max_size=5))
    def type_something(self, who: int, text: str) -> None:
        self.pages[who].draft = text

    @rule(who=PEOPLE)
    def reload(self, who: int) -> None:
        note = self.loop.run(self.notes.get(self.key))
        self.pages[who] = Page(note.summary.version, note.body)

    @rule(who=PEOPLE)
    def save(self, who: int) -> None:
        page = self.pages[who]
        try:
            saved = self.loop.run(self._edit(who, page))
        except VersionConflict as conflict:
            told = conflict.current["body"]
            # Refused, told what is there now, and the text is still in the editor.
            assert page.version < len(self.history)
            assert told == self.history[-1]
        else:
            assert page.version == len(self.history)
            self.history.append(page.draft)
            page.version = saved["version"]

    @rule(first=PEOPLE, second=PEOPLE)
    def save_together(self, first: int, second: int) -> None:
        pages = [self.pages[first], self.pages[second]]

        async def both() -> list[object]:
            saves = [self._edit(first, pages[0]), self._edit(second, pages[1])]
            return await asyncio.gather(*saves, return_exceptions=True)

        current = len(self.history)
        saved = [each for each in self.loop.run(both()) if not isinstance(each, Exception)]
        assert len(saved) == (1 if any(page.version == current for page in pages) else 0)
        for note in saved:
            self.history.append(note["body"])  # type: ignore[index]

    @rule()
    def delete_and_restore(self) -> None:
        version = len(self.history)
        body = self.history[-1]
        self.loop.run(self._delete_and_restore(version))
        self.history += [body, body]

    async def _delete_and_restore(self, version: int) -> None:
        await self.notes.delete(self.key, caller=an_editor(), expected={version})
        with pytest.raises(NoteGone):
            await self.notes.get(self.key)
        await self.notes.restore(self.key, caller=an_editor())

    async def _edit(self, who: int, page: Page):  # type: ignore[no-untyped-def]
        caller = an_editor(Person(str(who), f"Person {who}"))
        return await self.notes.edit(
            self.key, caller=caller, expected={page.version}, draft=Draft("t", page.draft)
        )

    @invariant()
    def accepted_saves_are_the_versions(self) -> None:
        if hasattr(self, "notes"):
            note = self.loop.run(self.notes.get(self.key))
            assert (note.summary.version, note.body) == (len(self.history), self.history[-1])

    def teardown(self) -> None:
        if hasattr(self, "notes"):
            self.loop.run(self.database.close())
            self.loop.close()


def test_accepted_saves_are_exactly_the_versions_and_nothing_is_silently_overwritten(
    migrated_url: str,
):
    machine = type("Machine", (Editors,), {"url": migrated_url})
    options = settings(
        max_examples=20,
        stateful_step_count=40,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine, settings=options)
