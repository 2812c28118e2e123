"""Values, and columns of rows as arrays, in Postgres' binary form; statements with numbered placeholders for libpq."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from struct import Struct
from typing import Any

_PLACEHOLDER = re.compile(rb"%\((\w+)\)b::(\w+)(\[\])?")
_HEAD = Struct(">iiiii").pack  # dimensions, whether there are NULLs, type of the elements, how many, the first's index
_SIZE = Struct(">i").pack
_NULL = _SIZE(-1)


@dataclass(frozen=True, slots=True)
class _Kind:
    array_oid: int
    oid: int
    encode: Callable[[Any], bytes]


_KINDS = {
    b"text": _Kind(1009, 25, str.encode),
    b"bytea": _Kind(1001, 17, bytes),
    b"integer": _Kind(1007, 23, Struct(">i").pack),
    b"bigint": _Kind(1016, 20, Struct(">q").pack),
}


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement that takes one array for each column, or single values.

    Attributes:
        sql: With `$1` and so on.
        oids: The types of its arguments.
        name: Under which a server keeps it prepared; another statement has another name.
    """

    sql: bytes
    oids: tuple[int, ...]
    name: bytes
    _arguments: tuple[tuple[str, _Kind, bool], ...]

    def arguments(self, columns: Mapping[str, Any]) -> list[bytes | None]:
        """The arrays and values in the order of the numbers.

        Args:
            columns: Texts, bytes or integers, or lists of them, by the names of the placeholders; None is NULL.

        Raises:
            UnicodeEncodeError: A text holds a lone surrogate.
            struct.error: A number does not fit.
        """
        return [
            _array(kind, columns[name]) if is_array else _value(kind, columns[name])
            for name, kind, is_array in self._arguments
        ]


@cache
def numbered(statement: bytes) -> Numbered:
    """A statement of `queries/`, whose placeholders are all `%(name)b::type[]` or `%(name)b::type`."""
    found: dict[bytes, tuple[bytes, bytes]] = {
        name: (kind, array) for name, kind, array in _PLACEHOLDER.findall(statement)
    }
    numbers = {name: b"$%d" % number for number, name in enumerate(found, 1)}
    sql = _PLACEHOLDER.sub(lambda match: b"%s::%s%s" % (numbers[match[1]], match[2], match[3] or b""), statement)
    arguments = tuple((name.decode(), _KINDS[kind], bool(array)) for name, (kind, array) in found.items())
    name = b"quorum_" + sha256(sql).hexdigest()[:32].encode()
    return Numbered(sql, tuple(kind.array_oid if many else kind.oid for _, kind, many in arguments), name, arguments)


def _value(kind: _Kind, value: Any) -> bytes | None:
    return None if value is None else kind.encode(value)


def _array(kind: _Kind, values: Sequence[Any]) -> bytes:
    head = _HEAD(1, int(None in values), kind.oid, len(values), 1)
    if values.count(values[0]) == len(values):  # the thread, the checkpoint, often the channel
        return head + _element(kind, values[0]) * len(values)
    if None in values:
        return head + b"".join([_element(kind, value) for value in values])
    contents = [*map(kind.encode, values)]
    parts = [b""] * (2 * len(contents))
    parts[::2], parts[1::2] = map(_SIZE, map(len, contents)), contents
    return head + b"".join(parts)


def _element(kind: _Kind, value: Any) -> bytes:
    if value is None:
        return _NULL
    content = kind.encode(value)
    return _SIZE(len(content)) + content
