"""Versions and cursors as HTTP carries them: ETag, If-Match, If-None-Match, cursors."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, Header

from notes_service.domain.errors import IfMatchRequired, InvalidCursor
from notes_service.store.lists import Cursor

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Edges that compress change a tag on its way out: Caddy says which coding ("3-gzip"), HAProxy
# that it is weak. Neither makes another version of it, which is all that a tag names.
_TAG: Final = re.compile(r'(?:W/)?"(\d{1,9})(?:-(?:br|deflate|gzip|zstd))?"')
_LARGEST_ID: Final = 2**63 - 1
_LARGEST_TIER: Final = 9


def etag(version: int) -> str:
    """Return the ETag of a note's version."""
    return f'"{version}"'


async def _expected(
    if_match: Annotated[str | None, Header(description='The version you read: `"3"`')] = None,
) -> frozenset[int]:
    # `*` would replace whatever is there without having read it: as good as nothing.
    if if_match is None or if_match.strip() == "*":
        raise IfMatchRequired
    return _versions(if_match)


Expected = Annotated[frozenset[int], Depends(_expected)]
"""The versions in If-Match; what is not a version of ours matches nothing."""

IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", description="Answer 304 if this is current")
]


def is_known(version: int, if_none_match: str | None) -> bool:
    """Whether the client's copy is current: weak comparison, RFC 9110 13.1.2."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or version in _versions(if_none_match)


def _versions(tags: str) -> frozenset[int]:
    found = (_TAG.fullmatch(tag.strip()) for tag in tags.split(","))
    return frozenset(int(tag[1]) for tag in found if tag)


def format_cursor(cursor: Cursor) -> str:
    """Return the cursor as answers carry it."""
    if cursor.title is not None:
        return _coded(f"{cursor.id}:{cursor.title}")
    text = f"{(cursor.time - _EPOCH) // _MICROSECOND}.{cursor.id}"
    text += f".{cursor.tier}" if cursor.tier else ""
    return _coded(text)


def parse_cursor(text: str | None, *, by_title: bool = False) -> Cursor | None:
    """Return the cursor that a request carries; raise InvalidCursor if it is none of ours."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        cursor = _place_of_title(plain) if by_title else _place_of_time(plain)
    except (ValueError, binascii.Error, OverflowError) as error:
        raise InvalidCursor from error
    if not 0 <= cursor.id <= _LARGEST_ID or not 0 <= cursor.tier <= _LARGEST_TIER:
        raise InvalidCursor
    return cursor


def _coded(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _place_of_time(plain: str) -> Cursor:
    if not plain.isascii():
        raise ValueError(plain)
    microseconds, id_, *tier = (int(part) for part in plain.split("."))
    if len(tier) > 1:
        raise ValueError(plain)
    return Cursor(_EPOCH + microseconds * _MICROSECOND, id_, tier[0] if tier else 0)


def _place_of_title(plain: str) -> Cursor:
    id_, colon, title = plain.partition(":")
    if not colon or "\0" in title:
        raise ValueError(plain)
    return Cursor(_EPOCH, int(id_), title=title)


def parse_number_cursor(text: str | None) -> int | None:
    """Return the number in the cursor that a request carries; raise InvalidCursor."""
    found = parse_cursor(text)
    return found.id if found else None


def format_number_cursor(id_: int) -> str:
    """Return the number of a comment or a version as a cursor of answers."""
    return format_cursor(Cursor(_EPOCH, id_))
