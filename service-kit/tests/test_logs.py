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


UNSEEN = {
    "newline": "\n",
    "carriage return": "\r",
    "escape": "\x1b[2J\x1b]0;pwned\x07",
    "backspace": "\b",
    "NUL": "\0",
    "delete": "\x7f",
    "C1 escape": "\x9b2J",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "zero width": "\u200b",
    "byte order mark": "\ufeff",
    "tag": "\U000e0041",
    "half a pair": "\ud800",
}


@pytest.mark.parametrize("sent", UNSEEN.values(), ids=UNSEEN)
@pytest.mark.parametrize("shape", ["json", "text"])
def test_what_a_terminal_would_act_upon_stands_escaped_in_a_line(written, shape, sent):
    logs.configure("demo", environ={"LOG_FORMAT": shape})
    log = logging.getLogger("http")
    log.info("GET /%s", f"Zoë {sent}", extra={"path": f"日本{sent}"})
    line = written()
    assert line.removesuffix("\n").isprintable(), repr(line)
    assert "Zoë" in line
    assert "日本" in line
    if shape == "json":
        assert json.loads(line)["path"] == f"日本{sent}"


@pytest.mark.parametrize("shape", ["json", "text"])
def test_a_traceback_keeps_its_lines_and_nothing_else_of_what_a_stranger_sent(written, shape):
    logs.configure("demo", environ={"LOG_FORMAT": shape})
    try:
        raise ValueError("no \x1b[2J such \u202e thing")
    except ValueError:
        logging.getLogger("http").exception("unhandled error")
    assert all(line.isprintable() for line in written().splitlines())


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
