"""The rules of notes and comments. No database, no loop, no clock."""

from datetime import timedelta

import pytest
from note_builders import ANA, BEN, MENU, NOON, RENDERED, a_summary, an_admin, an_editor
from notes_service.domain import rules
from notes_service.domain.errors import CommentConflict, NotAllowed, VersionConflict
from notes_service.domain.events import CommentUpdated
from notes_service.domain.notes import Caller, Comment, Deletion, Person


def edit(note, *, by=BEN, expected=frozenset({1}), now=NOON):
    return rules.edit(note, MENU, RENDERED, by=by, expected=expected, now=now)


def test_an_edit_makes_the_next_version_and_announces_it():
    note, event = edit(a_summary(version=4), expected={4})
    assert (note.summary.version, note.summary.editor, note.summary.author) == (5, BEN, ANA)
    assert event.note == note


def test_an_edit_of_an_old_version_is_refused():
    with pytest.raises(VersionConflict) as refusal:
        edit(a_summary(version=4), expected={3})
    assert refusal.value.actual == 4


def test_times_never_run_backwards_whichever_clock_is_late():
    note, event = edit(a_summary(), now=NOON - timedelta(minutes=5))
    assert note.summary.updated_at == event.at == NOON


def test_a_deletion_is_a_version_and_keeps_the_text_and_its_editor():
    note, event = rules.delete(a_summary(version=2), by=BEN, expected={2}, now=NOON)
    assert (note.version, note.editor, note.deletion) == (3, ANA, Deletion(BEN, NOON))
    assert event.summary == note


def test_a_return_from_the_trash_is_a_version_and_the_newest_change():
    later = NOON + timedelta(days=1)
    before = a_summary(version=3, deletion=Deletion(BEN, NOON))
    note, event = rules.restore(before, caller=an_editor(BEN), now=later)
    assert (note.version, note.updated_at, note.deletion) == (4, later, None)
    assert event.summary == note


@pytest.mark.parametrize(
    ("caller", "may"),
    [
        (an_editor(ANA), True),  # wrote it
        (an_editor(BEN), True),  # deleted it
        (an_editor(Person("c", "Cy")), False),
        (an_admin(Person("c", "Cy")), True),
    ],
)
def test_a_note_is_restored_by_its_author_its_deleter_or_an_administrator(caller, may):
    note = a_summary(author=ANA, deletion=Deletion(BEN, NOON))
    assert rules.may_restore(note, caller) is may


@pytest.mark.parametrize(
    ("roles", "may"),
    [(set(), False), ({"reader"}, False), ({"editor"}, True), ({"admin"}, True)],
)
def test_writing_needs_the_role_editor_or_admin(roles, may):
    caller = Caller(ANA, roles)
    if may:
        caller.must_write()
    else:
        with pytest.raises(NotAllowed):
            caller.must_write()


def test_a_comment_is_changed_by_its_author_alone_over_the_version_that_was_read():
    before = Comment(id=3, author=ANA, text="Cake?", created_at=NOON, version=2)

    def edit(caller: Caller, *expected: int) -> CommentUpdated:
        return rules.edit_comment(
            *(a_summary(comments=2), before, "Tea?", "<em>Tea?</em>"),
            caller=caller,
            expected=set(expected),
            now=NOON - timedelta(hours=1),
        )

    for other in (an_editor(BEN), an_admin()):
        with pytest.raises(NotAllowed):
            edit(other, 2)
    with pytest.raises(CommentConflict):
        edit(an_editor(ANA), 1)
    event = edit(an_editor(ANA), 2)
    after = event.comment
    assert (after.text, after.html, after.version) == ("Tea?", "<em>Tea?</em>", 3)
    # No machine's clock takes a comment back in time.
    assert after.edited_at == NOON
    assert (event.by, event.key, event.comments) == (ANA, "menu", 2)


def test_a_comment_is_deleted_by_its_author_or_an_administrator():
    comment = Comment(id=3, author=ANA, text="Cake?", created_at=NOON)
    note = a_summary(comments=2)
    with pytest.raises(NotAllowed):
        rules.delete_comment(note, comment, caller=an_editor(BEN), now=NOON)
    for caller in (an_editor(ANA), an_admin(BEN)):
        event = rules.delete_comment(note, comment, caller=caller, now=NOON)
        assert (event.comment_id, event.comments, event.key) == (3, 1, "menu")
