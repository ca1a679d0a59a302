"""The protobuf form of commands, replies and pushes: the same messages, other bytes.

Everything else in the gateway speaks of messages in their JSON form; here they are carried
over, field by field, by the schema in client.proto. A field of type `bytes` holds JSON text, as
that is what a channel's log keeps: data that is not JSON cannot be published. Messages follow
each other with their length, as a varint, in front.
"""

import json
import re
import sys
from importlib.resources import files
from typing import Any, Final

from google.protobuf.message import DecodeError

from realtime_gateway.protocol.codes import INTERNAL
from realtime_gateway.protocol.fields import Malformed, no_constant
from realtime_gateway.protocol.schema import message_classes
from realtime_gateway.protocol.wire import Entry, Verbatim, dumps

EMPTY: Final = b"\0"
"""An empty message with its length: a ping, or a pong."""
UNFIT: Final = (ValueError, TypeError, AttributeError, RecursionError, IndexError)
"""What filling a message raises if the JSON is none, or not of this protocol."""
_BEGINNING: Final = re.compile(rb'\{"id":(\d+),"(\w+)"')
_CHANGING: Final = (b"connect", b"subscribe", b"refresh", b"sub_refresh")
_MAX_VARINT: Final = 5


_LISTED: Final = b'"publications":['
_read: Final = json.JSONDecoder(parse_constant=no_constant).raw_decode
"""A value in a text, from an index on, and the index of its end."""


class Unsayable(ValueError):
    """A reply that cannot be told, to a command that has changed something."""


class Messages:
    """Translates the JSON of wire.py into protobuf messages and back (client.proto)."""

    def __init__(self) -> None:
        schema = (
            files("realtime_gateway.protocol")
            .joinpath("client.proto")
            .read_text(encoding="utf-8")
        )
        classes = message_classes(schema)
        self._command = classes["Command"]
        self._reply = classes["Reply"]

    def command(self, part: bytes) -> dict[str, Any]:
        """A command as the object that it would be in JSON."""
        try:
            command = self._command.FromString(part)
            found = _object(command)
        except (DecodeError, RecursionError) as error:
            raise Malformed("not a command") from error
        if "data" in (publish := found.get("publish", {})):
            publish["data"] = _as_written(command.publish.data, publish["data"])
        return found

    def reply(self, message: bytes) -> bytes:
        """A reply or push, given as JSON, with its length.

        Publications that a foreign hand has written without knowing the form are left
        out, as they are where they are pushed.
        """
        found = self._reply()
        begun = _BEGINNING.match(message)
        try:
            if begun is not None and _LISTED in message:
                _fill_result(found, begun, message.decode())
            else:
                _fill(found, json.loads(message))
        except UNFIT:
            # What a foreign hand has written: an error, or nothing for a push.
            if begun is None:
                return b""
            if begun[2] in _CHANGING:
                raise Unsayable(begun[2].decode()) from None
            error = {"code": INTERNAL.code, "message": INTERNAL.message, "temporary": True}
            found = self._reply(id=int(begun[1]), error=error)
        return delimited(found.SerializeToString())

    def publication(self, channel: str, epoch: str, entry: Entry) -> bytes:
        """A push to the subscribers of a channel, with its length.

        Nothing for what a foreign hand has published without knowing the form.
        """
        offset, fragment = entry
        found = self._reply()
        found.push.channel = channel
        publication = found.push.pub
        publication.SetInParent()
        try:
            _fill_publication(publication, fragment.decode())
            publication.offset = offset
        except UNFIT:
            return b""
        if offset == 1:
            publication.epoch = epoch
        return delimited(found.SerializeToString())


def delimited(message: bytes) -> bytes:
    """The message after its length, a varint."""
    size, prefix = len(message), bytearray()
    while size > 0x7F:
        prefix.append(size & 0x7F | 0x80)
        size >>= 7
    prefix.append(size)
    return bytes(prefix) + message


def split(data: bytes, most: int = sys.maxsize) -> list[bytes]:
    """The messages, without their lengths; not many more than `most` of them."""
    parts: list[bytes] = []
    at = 0
    while at < len(data) and len(parts) <= most:
        size, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)
        if at + size > len(data):
            raise Malformed("a message is cut short")
        parts.append(data[at : at + size])
        at += size
    return parts


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[at : at + _MAX_VARINT]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise Malformed("not a length")


def _object(message: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.message_type is None:
            found[field.name] = _json(value) if field.type == field.TYPE_BYTES else value
        elif field.message_type.GetOptions().map_entry:
            found[field.name] = {key: _object(each) for key, each in value.items()}
        else:
            found[field.name] = _object(value)
    return found


def _json(value: bytes) -> Any:
    """What the bytes say; the bytes themselves if they are not JSON."""
    try:
        return json.loads(value.decode())
    except (ValueError, RecursionError):
        return value


def _as_written(value: bytes, read: Any) -> Any:
    """JSON to be passed on byte for byte; what was read of it where that cannot be."""
    try:
        dumps(read)  # not for what only Python's JSON knows, nor for bytes that are none
    except (ValueError, TypeError, RecursionError):
        return read
    return read if b"\n" in value else Verbatim(value.strip())


def _fill(message: Any, given: dict[str, Any]) -> None:
    fields = message.DESCRIPTOR.fields_by_name
    for name, value in given.items():
        field = fields.get(name)
        if field is None:
            continue
        if field.message_type is None:
            setattr(message, name, dumps(value) if field.type == field.TYPE_BYTES else value)
        elif field.message_type.GetOptions().map_entry:
            _fill_map(getattr(message, name), value)
        elif type(value) is list:
            _fill_all(getattr(message, name), value)
        else:
            inner = getattr(message, name)
            inner.SetInParent()
            _fill(inner, value)


def _fill_result(reply: Any, begun: re.Match[bytes], text: str) -> None:
    """A reply with publications (wire.reply), whose data stay as they were written."""
    reply.id = int(begun[1])
    result = getattr(reply, begun[2].decode())
    result.SetInParent()
    fields, at = {}, begun.end() + len(":{")
    while text[at] != "}":
        key, at = _read(text, at + (text[at] == ","))
        if key == "publications":
            at = _fill_publications(result.publications, text, at + len(":["))
        else:
            fields[key], at = _read(text, at + len(":"))
    _fill(result, fields)


def _fill_publications(entries: Any, text: str, at: int) -> int:
    """Those of a list; where it ends."""
    while text[at] != "]":
        at += text[at] == ","
        _, end = _read(text, at)
        try:
            _fill_publication(entries.add(), text[at:end])
        except UNFIT:
            del entries[-1]
        at = end
    return at + 1


def _fill_publication(publication: Any, text: str) -> None:
    begin = len('{"data":')
    try:
        if not text.startswith('{"data":'):
            raise ValueError("not as we write it")
        _, end = _read(text, begin)
        rest = json.loads("{" + text[end:].removeprefix(","))
    except ValueError:
        _fill(publication, json.loads(text))
    else:
        _fill(publication, rest)
        publication.data = text[begin:end].encode()


def _fill_all(entries: Any, given: list[Any]) -> None:
    for each in given:
        try:
            _fill(entries.add(), each)
        except UNFIT:
            del entries[-1]


def _fill_map(entries: Any, given: dict[str, Any]) -> None:
    for key, value in given.items():
        if type(value) is dict:
            _fill(entries[key], value)
        else:
            entries[key] = value
