import json
import logging

import pytest
from service_kit import logs


@pytest.fixture
def written(capsys):
    root, before = logging.getLogger(), logging.getLogger().handlers
    level = root.level
    yield lambda: capsys.readouterr().err
    root.handlers = before
    root.setLevel(level)


def test_a_line_of_json_holds_its_facts(written):
    logs.configure("demo", environ={"LOG_FORMAT": "json"})
    logging.getLogger("relay").info("published %d", 3, extra={"lag_ms": 7})
    line = json.loads(written())
    assert (line["service"], line["message"], line["lag_ms"]) == ("demo", "published 3", 7)
    assert line["time"].endswith("+00:00")


def test_a_stranger_cannot_start_a_second_log_line(written):
    logs.configure("demo", environ={})
    logging.getLogger("http").info("GET /%s", "a\n00:00 INFO all is well")
    assert written().count("\n") == 1


@pytest.mark.parametrize(
    ("patterns", "heard"),
    [
        ("", []),
        ("notes:*", ["notes:relay", "notes:store"]),
        ("notes:relay", ["notes:relay"]),
        ("gateway:*, notes:store", ["notes:store"]),
    ],
)
def test_debug_areas_speak_only_when_named(written, patterns, heard):
    logs.configure("demo", environ={"NOTES_DEBUG": patterns, "LOG_FORMAT": "json"})
    for name in ("notes:relay", "notes:store"):
        logs.area(name).debug("here")
    lines = [json.loads(line) for line in written().splitlines()]
    assert [line["logger"].removeprefix("area.") for line in lines] == heard
