"""The operator's options: one file (JSON or YAML) under the environment under the command line.

Every option of `options.py` can be given as `GATEWAY_<PATH>` (`GATEWAY_CLIENT_TOKEN_ISSUER`),
by Centrifugo's name `CENTRIFUGO_<PATH>`, or as the name of a file that holds it (`..._FILE`).
A name that does not exist is refused with its place, never passed over; one that only
Centrifugo has, and a variable that begins as ours and is none, is named in a warning: the
environment is not only ours. An empty variable is none. Nothing here prints or quotes a secret.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

import yaml
from service_kit import env

from realtime_gateway.config import centrifugo, checks
from realtime_gateway.config.options import Options, Seconds

PREFIXES: Final = ("GATEWAY_", "CENTRIFUGO_")
SHORT: Final = {"GATEWAY_HOST": "http_server.address", "GATEWAY_PORT": "http_server.port"}

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


@dataclass(eq=False)
class InvalidSettings(Exception):
    """The gateway cannot start like this; each sentence names an option and its place."""

    sentences: list[str]

    def __str__(self) -> str:
        return "\n".join(self.sentences)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The options that were read, and warnings for the log."""

    options: Options
    warnings: list[str]


class _Text(str):
    """A value that came as text, from the environment: read it as its option's type."""


def load(
    file: Path | None, environ: Mapping[str, str], arguments: Mapping[str, object]
) -> Loaded:
    """Options from all sources; `arguments` are dotted paths from the command line."""
    data = {} if file is None else _read(file)
    given_here = env.said(environ)
    for path, value in _from_environment(given_here):
        _put(data, path, value)
    for path, given in arguments.items():
        _put(data, path, given)
    builder = _Builder(str(file) if file else "the command line and environment")
    options = builder.build(Options, data, "")
    problems = builder.problems or checks.problems(options)
    if problems:
        raise InvalidSettings(problems)
    strange = _strangers(given_here)
    return Loaded(options, [*builder.warnings, *strange, *checks.warnings(options)])


def paths(kind: type = Options, place: str = "") -> Iterator[str]:
    """Every option that a single value can be given for, as a dotted path."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        path = f"{place}.{field.name}" if place else field.name
        if is_dataclass(hints[field.name]):
            yield from paths(hints[field.name], path)
        else:
            yield path


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        is_json = file.suffix == ".json"
        data = json.loads(text) if is_json else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InvalidSettings([f"{file} cannot be read: {reason}"]) from error
    except (ValueError, yaml.YAMLError) as error:
        raise InvalidSettings([f"{file} is neither JSON nor YAML: {_where(error)}"]) from error
    if not isinstance(data, dict):
        raise InvalidSettings([f"{file} holds no options: an object is expected"])
    return data


def _where(error: Exception) -> str:
    # Never the text itself, which may be a secret.
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 1} column {mark.column + 1}"
    return f"line {getattr(error, 'lineno', '?')} column {getattr(error, 'colno', '?')}"


def _variables() -> dict[str, str]:
    """The path of the option that each variable is for."""
    names = {prefix + _variable(path): path for path in paths() for prefix in PREFIXES}
    return {**names, **SHORT}


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, _Text]]:
    for name, path in _variables().items():
        if name in environ:
            yield path, _Text(environ[name])
        elif file := environ.get(f"{name}_FILE"):
            yield path, _Text(_content(f"{name}_FILE", file))


def _content(variable: str, file: str) -> str:
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings([f"{variable} names {file}, which cannot be read"]) from error
    if not text:
        raise InvalidSettings([f"{variable} names {file}, which is empty"])
    return text


def _strangers(environ: Mapping[str, str]) -> Iterator[str]:
    """What is to be said of variables that have no effect."""
    known = _variables()
    for prefix in PREFIXES:
        for name in env.unknown(environ, prefix, known):
            if centrifugo.is_variable(name.removeprefix(prefix).removesuffix("_FILE")):
                yield f"{name} is an option of Centrifugo's without effect here"
                continue
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            yield f"{name}: there is no such option{hint}"


def _variable(path: str) -> str:
    return path.replace(".", "_").upper()


def _put(data: dict[str, Any], path: str, value: object) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        inner = data.get(parent)
        if not isinstance(inner, dict):
            inner = data[parent] = {}
        data = inner
    data[name] = value


class _Builder:
    """Turns plain data into the options' dataclasses, collecting everything that is wrong."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def build(self, kind: type[Any], data: object, place: str) -> Any:
        if not isinstance(data, dict):
            self._problem(place, "an object is expected")
            return kind()
        hints = get_type_hints(kind, include_extras=True)
        given = {}
        for name, value in data.items():
            path = f"{place}.{name}" if place else str(name)
            if name in hints:
                given[name] = self._value(hints[name], value, path)
            else:
                self._unknown(list(hints), str(name), place, path)
        return kind(**{name: value for name, value in given.items() if value is not None})

    def _unknown(self, known: list[str], name: str, place: str, path: str) -> None:
        if centrifugo.is_known(re.sub(r"\[\d+\]", "", place), name):
            self.warnings.append(f"{path} is an option of Centrifugo's without effect here")
            return
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        self._problem(path, f"there is no such option{hint}")

    def _value(self, hint: Any, value: object, path: str) -> Any:
        try:
            if hint == Seconds:
                return _seconds(value)
            if get_origin(hint) is tuple:
                return self._list(get_args(hint)[0], value, path)
            kind = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
            if is_dataclass(kind) and isinstance(kind, type):
                return self.build(kind, value, path)
            return _scalar(kind, value)
        except ValueError as error:
            self._problem(path, str(error))
            return None

    def _list(self, kind: Any, value: object, path: str) -> tuple[Any, ...]:
        if isinstance(value, _Text):
            value = (
                json.loads(value) if value.startswith("[") else value.replace(",", " ").split()
            )
        if not isinstance(value, list):
            raise ValueError("a list is expected")
        if kind is str:
            return tuple(_scalar(str, each) for each in value)
        return tuple(
            self.build(kind, each, f"{path}[{index}]") for index, each in enumerate(value)
        )

    def _problem(self, path: str, sentence: str) -> None:
        self.problems.append(f"{self._source}: {path}: {sentence}")


def _scalar(kind: type, value: object) -> object:
    if isinstance(value, _Text):
        value = _from_text(kind, value)
    if type(value) is not kind:
        names = {bool: "true or false", int: "a whole number", str: "a text"}
        raise ValueError(f"{names[kind]} is expected")
    return value


def _from_text(kind: type, text: str) -> object:
    if kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if kind is int:
        return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None
    return str(text)


def _seconds(value: object) -> float:
    """Go's notation: `25s`, `1h30m`, `500ms`."""
    text = str(value) if isinstance(value, str) or value == 0 else ""
    if text in ("0", "0s"):
        return 0.0
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError('a duration is expected, like "25s" or "1h30m"')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
