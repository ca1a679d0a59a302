"""Makes message classes of a `.proto` file.

It reads plain proto3: messages with scalar, message, repeated and map fields. So the schema is
a file that everybody can read, and nothing generated has to be built, shipped or kept in step
with the installed protobuf runtime.
"""

import re
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_MESSAGE: Final = re.compile(r"message (\w+)\s*\{([^}]*)\}")
_FIELD: Final = re.compile(r"(repeated )?(map<string, (\w+)>|\w+) (\w+) = (\d+);")
_PACKAGE: Final = re.compile(r"^package ([\w.]+);", re.MULTILINE)

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    "bool": _Field.TYPE_BOOL, "bytes": _Field.TYPE_BYTES, "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64, "string": _Field.TYPE_STRING, "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
}  # fmt: skip


def message_classes(source: str) -> dict[str, Any]:
    """The classes of all messages in the text of a `.proto` file, by name."""
    package = _PACKAGE.findall(source)[0]
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto", package=package, syntax="proto3"
    )
    for name, body in _MESSAGE.findall(source):
        message = file.message_type.add(name=name)
        for repeated, kind, map_value, field, number in _FIELD.findall(body):
            added = message.field.add(name=field, number=int(number))
            if map_value:
                kind = _add_map_entry(message, field, map_value, package)
            is_many = repeated or map_value
            added.label = _Field.LABEL_REPEATED if is_many else _Field.LABEL_OPTIONAL
            _set_type(added, kind, package)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindFileByName(file.name).message_types_by_name
    return {name: message_factory.GetMessageClass(each) for name, each in found.items()}


def _add_map_entry(message: Any, field: str, value: str, package: str) -> str:
    # A map is, by definition, a repeated message of keys and values with a name of this form.
    name = "".join(part.capitalize() for part in field.split("_")) + "Entry"
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    for number, (label, kind) in enumerate((("key", "string"), ("value", value)), 1):
        added = entry.field.add(name=label, number=number, label=_Field.LABEL_OPTIONAL)
        _set_type(added, kind, package)
    return f"{message.name}.{name}"


def _set_type(field: Any, kind: str, package: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{package}.{kind}"
