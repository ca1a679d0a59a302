"""The fields of a client's JSON: of the right type, absent, or Malformed.

`null` is as good as absent, and then a field has the zero of its type. Standard library only.
"""

import json
from typing import Any, NoReturn


class Malformed(ValueError):
    """Not a command of this protocol."""


def loads(line: str | bytes | bytearray) -> dict[str, Any]:
    """The object in a client's JSON."""
    try:
        found = json.loads(line, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if type(found) is not dict:
        raise Malformed("not an object")
    return found


def text(request: dict[str, Any], key: str) -> str:
    """The string under `key`; Malformed if it is something else."""
    value = request.get(key)
    if value is None:
        return ""
    if type(value) is not str:
        raise Malformed(f"{key} is a string")
    return value


def flag(request: dict[str, Any], key: str) -> bool:
    """The boolean under `key`; Malformed if it is something else."""
    value = request.get(key)
    if value is None:
        return False
    if type(value) is not bool:
        raise Malformed(f"{key} is true or false")
    return value


def integer(request: dict[str, Any], key: str) -> int:
    """The number under `key`, 32 bits with a sign; Malformed if it is something else."""
    value = request.get(key)
    if value is None:
        return 0
    if type(value) is not int or not -(1 << 31) <= value < 1 << 31:
        raise Malformed(f"{key} is an integer")
    return value


def uint(request: dict[str, Any], key: str, end: int = 1 << 64) -> int:
    """The number under `key`, from 0 to less than `end`; Malformed if it is something else."""
    value = request.get(key)
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value < end:
        raise Malformed(f"{key} is a whole number")
    return value


def no_constant(name: str) -> NoReturn:
    """Refuse NaN and infinities, which Python reads and JSON does not have (RFC 8259)."""
    raise Malformed(f"{name} is not JSON")
