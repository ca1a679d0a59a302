"""An operator's settings: read once from the environment, or the service does not start.

Every variable `X` may be given as `X_FILE=path` instead (secret files of compose and
Kubernetes). What is missing or invalid is reported on one line each, by the variable's name and
never by its value, and the process ends with code 2. An empty variable counts as unset, and so
does one that Kubernetes sets for a Service of our name (`NOTES_PORT=tcp://10.0.0.11:80`). An
unknown variable with our prefix is named in the log.
"""

import logging
import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

S = TypeVar("S", bound=BaseSettings)

# What Kubernetes tells a container of its neighbours, and Docker of linked ones.
_OTHERS = re.compile(r"\w+(_SERVICE_(HOST|PORT\w*)=|_PORT_\d+_[A-Z]\w*=|_PORT=\w+://)")
log = logging.getLogger(__name__)


def said(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that somebody set: not empty, and not by Kubernetes or Docker."""
    return {k: v for k, v in environ.items() if v.strip() and not _OTHERS.match(f"{k}={v}")}


def unknown(given: Collection[str], prefix: str, known: Collection[str]) -> list[str]:
    """Return the variables that have our prefix and are no settings, sorted."""
    ours = {*known, *(f"{each}_FILE" for each in known), "NOTES_DEBUG"}  # logs.py reads that
    return sorted(name for name in given if name.startswith(prefix) and name not in ours)


def load(settings_class: type[S], environ: Mapping[str, str]) -> S:
    """Return the settings from `environ`; every field may also come as `<NAME>_FILE`.

    If one is missing or invalid, it says so on standard error and raises SystemExit(2).
    """
    prefix = settings_class.model_config.get("env_prefix", "").upper()
    names = {field: prefix + field.upper() for field in settings_class.model_fields}
    given, found = said(environ), dict[str, Any]()
    for name in unknown(given, prefix, names.values()):
        log.warning("%s is no setting of this service", name)
    for field, variable in names.items():
        value, path = given.get(variable), given.get(f"{variable}_FILE")
        if path and value:
            _refuse([f"{variable} and {variable}_FILE are both set: keep one"])
        if path or value:
            found[field] = _read(f"{variable}_FILE", path) if path else value
    try:
        # No variable's name has such a prefix: all there is has been read.
        return settings_class(_env_prefix="=", **found)
    except ValidationError as error:
        _refuse([_sentence(names, detail) for detail in error.errors(include_input=False)])


def _read(variable: str, path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        _refuse([f"{variable} names {path}, which cannot be read: {error.__class__.__name__}"])
    return text or _refuse([f"{variable} names {path}, which is empty"])


def _sentence(names: Mapping[str, str], detail: Mapping[str, Any]) -> str:
    field = str((*detail["loc"], "")[0])
    variable = names.get(field, field)
    if detail["type"] == "missing":
        return f"{variable} is not set (nor {variable}_FILE)"
    return f"{variable} is wrong: {detail['msg']}"


def _refuse(sentences: list[str]) -> NoReturn:
    sys.stderr.write("".join(f"cannot start: {sentence}\n" for sentence in sentences))
    raise SystemExit(2)
