"""One log line per event, the same shape in every service.

`LOG_FORMAT=json` writes one JSON object a line (time in UTC, level, service, logger, message,
request id, and the facts given as `extra`); `text` is for people. `NOTES_DEBUG` switches named
debug areas on, as in the original: `NOTES_DEBUG=notes:*,gateway:bus`; off by default.
Whatever strangers sent stands in its line escaped.
No caller logs tokens, passwords, bodies or titles.
"""

import json
import logging
import sys
import unicodedata
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request being answered; the same in every service that a request passes."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters, those that turn or hide text, halves of pairs, line separators."""
_AREAS = "area"
_STANDARD = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "color_message"}


def area(name: str) -> logging.Logger:
    """Return the logger of a debug area such as `notes:relay`: silent if not in NOTES_DEBUG."""
    return logging.getLogger(f"{_AREAS}.{name}")


def visible(text: str) -> str:
    """Return `text` on one line that no terminal acts upon: invisible characters as in JSON."""
    if text.isprintable():
        return text
    return "".join(json.dumps(each)[1:-1] if _is_unseen(each) else each for each in text)


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN


def configure(service: str, *, environ: Mapping[str, str]) -> None:
    """Send this process's logs to standard error; called once, by `__main__`."""
    handler = logging.StreamHandler(sys.stderr)
    as_json = environ.get("LOG_FORMAT", "text") == "json"
    handler.setFormatter(_Json(service) if as_json else _Text())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel((environ.get("LOG_LEVEL") or "INFO").upper())
    # httpx logs every request line at INFO, query string included.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    patterns = [p.strip() for p in environ.get("NOTES_DEBUG", "").split(",") if p.strip()]
    areas = logging.getLogger(_AREAS)
    areas.filters = []
    areas.setLevel(logging.DEBUG if patterns else logging.CRITICAL)
    # Filters of a parent logger do not see its children's records; the handler's do.
    handler.addFilter(lambda record: _is_wanted(record, patterns))


def _is_wanted(record: logging.LogRecord, patterns: list[str]) -> bool:
    head, _, name = record.name.partition(".")
    return head != _AREAS or any(fnmatchcase(name, pattern) for pattern in patterns)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}


class _Json(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if current := request_id.get():
            line["request_id"] = current
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return visible(json.dumps(line, default=str, ensure_ascii=False))


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        name = record.name.removeprefix(f"{_AREAS}.")
        facts = "".join(f" {key}={value}" for key, value in _facts(record).items())
        # A log line is one line, whatever a stranger sent.
        text = visible(f"{time} {record.levelname:<7} {name}: {record.getMessage()}{facts}")
        if record.exc_info:
            lines = self.formatException(record.exc_info).split("\n")
            text += "".join(f"\n{visible(line)}" for line in lines)
        return text
