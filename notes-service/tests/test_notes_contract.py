"""What we publish is what contracts/ promises."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import jsonschema
import pytest
from note_builders import ANA, BEN, NOON, a_note, a_summary
from notes_service import messages
from notes_service.domain.events import (
    CommentCreated,
    CommentDeleted,
    CommentUpdated,
    NoteCreated,
    NoteDeleted,
    NoteUpdated,
)
from notes_service.domain.notes import Comment

CONTRACTS = Path(__file__).parents[2] / "contracts"
AN_ID = UUID("01998c5e-8000-7000-8000-000000000001")
AN_HOUR_AGO = NOON.replace(hour=9, minute=0)

EDITED = a_note(
    title="Menu for Monday", version=2, comments=3, editor=BEN, created_at=AN_HOUR_AGO
)
COMMENT = Comment(id=41, author=BEN, text="Is there cake?\n<b>Please</b>", created_at=NOON)
RENDERED = replace(
    COMMENT,
    text="*Is* there cake?\n<b>Please</b>",
    html="<em>Is</em> there cake?\n&lt;b&gt;Please&lt;/b&gt;",
)
UPDATED = NoteUpdated(by=BEN, at=NOON, note=EDITED)
COUNTED = NoteUpdated(
    by=BEN, at=NOON, note=replace(EDITED, summary=replace(EDITED.summary, changed_lines=3))
)
DELETED = NoteDeleted(by=BEN, at=NOON, summary=a_summary(version=3))

EVERY_EVENT = {
    "home.v1/created": NoteCreated(by=ANA, at=NOON, summary=a_summary()),
    "home.v1/updated": UPDATED,
    "home.v1/updated-lines": COUNTED,
    "home.v1/deleted": DELETED,
    "home.v1/discussed": CommentCreated(
        by=BEN, at=NOON, key="menu", comment=COMMENT, comments=4
    ),
    "note.v1/updated": UPDATED,
    "note.v1/updated-lines": COUNTED,
    "note.v1/deleted": DELETED,
    "note.v1/comment-created": CommentCreated(
        by=BEN, at=NOON, key="menu", comment=COMMENT, comments=1
    ),
    "note.v1/comment-created-with-html": CommentCreated(
        by=BEN, at=NOON, key="menu", comment=RENDERED, comments=1
    ),
    "note.v1/comment-updated": CommentUpdated(
        by=BEN,
        at=NOON,
        key="menu",
        comment=replace(RENDERED, version=2, edited_at=NOON, created_at=AN_HOUR_AGO),
        comments=1,
    ),
    "note.v1/comment-restored": CommentCreated(
        by=BEN,
        at=NOON,
        key="menu",
        comment=replace(RENDERED, version=3, edited_at=NOON, created_at=AN_HOUR_AGO),
        comments=1,
    ),
    "note.v1/comment-deleted-with-version": CommentDeleted(
        by=BEN, at=NOON, key="menu", comment_id=41, comments=0, version=2
    ),
    "note.v1/comment-deleted": CommentDeleted(
        by=BEN, at=NOON, key="menu", comment_id=41, comments=0
    ),
}
CHANNELS = {"home.v1": "home", "note.v1": "notes:menu"}


def sent(name, event=None):
    channel = CHANNELS[name.partition("/")[0]]
    encoded = messages.encode(event or EVERY_EVENT[name], lambda: AN_ID)
    return next(json.loads(each.payload) for each in encoded if each.channel == channel)


def example(name):
    return json.loads((CONTRACTS / "examples" / f"{name}.json").read_text())


def must_fit_schema(name, event):
    schema = json.loads((CONTRACTS / f"{name.partition('/')[0]}.schema.json").read_text())
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(event)


@pytest.mark.parametrize("name", EVERY_EVENT)
def test_every_event_is_published_exactly_as_in_its_example(name):
    assert sent(name) == example(name)


@pytest.mark.parametrize("name", EVERY_EVENT)
def test_every_event_keeps_to_its_schema(name):
    must_fit_schema(name, sent(name))


def test_an_event_of_a_large_note_is_the_same_without_its_html():
    large = NoteUpdated(by=BEN, at=NOON, note=replace(EDITED, html="x" * 65_537))
    event = sent("note.v1/updated", large)
    must_fit_schema("note.v1/updated", event)
    usual = example("note.v1/updated")
    assert event == {**usual, "note": {**usual["note"], "html": None}}


def test_every_example_has_an_event():
    examples = {
        f"{path.parent.name}/{path.stem}"
        for channel in CHANNELS
        for path in (CONTRACTS / "examples" / channel).iterdir()
    }
    assert examples == EVERY_EVENT.keys()


def test_html_up_to_64_kib_travels_in_the_event_counted_in_bytes():
    def html(text):
        event = NoteUpdated(by=BEN, at=NOON, note=replace(EDITED, html=text))
        return json.loads(messages.encode(event, lambda: AN_ID)[1].payload)["note"]["html"]

    assert html("x" * 65_536) is not None
    assert html("ä" * 32_769) is None


def test_what_a_viewer_of_the_list_gets_for_a_changed_title_is_under_1_kib():
    home = messages.encode(UPDATED, lambda: AN_ID)[0]
    assert len(home.payload.encode()) < 1024


def test_an_event_is_compact_json_on_one_line():
    for message in messages.encode(EVERY_EVENT["note.v1/comment-created"], lambda: AN_ID):
        assert "\n" not in message.payload
        assert ": " not in message.payload.replace(COMMENT.text, "")
