"""An operator's settings: read once from the environment, or the service does not start.

Every variable `X` may be given as `X_FILE=path` instead (secret files of compose and
Kubernetes). What is missing or wrong is told on one line each, by the variable's own name and
never by its value, and the process ends with code 2.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

S = TypeVar("S", bound=BaseSettings)


def load(settings_class: type[S], environ: Mapping[str, str]) -> S:
    """Build the settings from `environ`; every field may also come as `<NAME>_FILE`."""
    prefix = settings_class.model_config.get("env_prefix", "")
    fields = {prefix.upper() + name.upper(): name for name in settings_class.model_fields}
    from_files: dict[str, Any] = {}
    for variable, field in fields.items():
        path = environ.get(f"{variable}_FILE")
        if path and variable in environ:
            _refuse([f"{variable} and {variable}_FILE are both set: keep one"])
        if path:
            from_files[field] = _read(f"{variable}_FILE", path)
    try:
        return settings_class(**from_files)
    except ValidationError as error:
        names = {field: variable for variable, field in fields.items()}
        _refuse([_sentence(names, detail) for detail in error.errors(include_input=False)])


def _read(variable: str, path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        _refuse([f"{variable} names {path}, which cannot be read: {error.__class__.__name__}"])
    if not text:
        _refuse([f"{variable} names {path}, which is empty"])
    return text


def _sentence(names: Mapping[str, str], detail: Mapping[str, object]) -> str:
    location = detail["loc"]
    field = str(location[0]) if isinstance(location, tuple) and location else ""
    variable = names.get(field, field)
    if detail["type"] == "missing":
        return f"{variable} is not set (nor {variable}_FILE)"
    return f"{variable} is wrong: {detail['msg']}"


def _refuse(sentences: list[str]) -> NoReturn:
    for sentence in sentences:
        sys.stderr.write(f"cannot start: {sentence}\n")
    raise SystemExit(2)
