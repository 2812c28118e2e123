"""A serializer that refuses every type outside an allow-list.

As shipped, the serializer imports and calls whatever a row names: who can write to the database can run code. Strict
as it can be made, it hands back the raw payload of a refused type as if nothing had happened. Here a refused type is
an error, when it is read and already when it is written.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import ormsgpack
from langgraph.checkpoint.serde.event_hooks import SerdeEvent, register_serde_event_listener
from langgraph.checkpoint.serde.jsonplus import (
    EXT_CONSTRUCTOR_POS_ARGS,
    JsonPlusSerializer,
    _msgpack_default,
    _option,
)
from langgraph.types import Send

from langgraph_quorum.orchestration.persistence.encryption import SEALED
from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE
from langgraph_quorum.orchestration.persistence.saving.packed_sends import PackedSends
from langgraph_quorum.state.errors import BlockedTypeError, ConfigurationError, SealError

_PLAIN_FORMATS = frozenset({"null", "bytes", "bytearray", "msgpack"})
_BLOCKED_KINDS = frozenset({"msgpack_blocked", "msgpack_method_blocked"})
# The bytes that introduce an object in msgpack (ext and fixext). They also occur inside numbers and text, so a hit
# means "look closer" and no hit means "plain data".
_MAYBE_OBJECT = re.compile(rb"[\xc7-\xc9\xd4-\xd8]")

_OFTEN = frozenset({Send, list, tuple, dict, str})
"""What is mostly plain data all through, and then need not be looked at again."""

_SEND = b"\x93" + ormsgpack.packb(Send.__module__) + ormsgpack.packb(Send.__name__)
"""The beginning of three things: the first two, before the arguments."""
_POSITIONAL = bytes([EXT_CONSTRUCTOR_POS_ARGS])

_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)


class StrictSerializer(JsonPlusSerializer):
    """Msgpack with an allow-list; no pickle, no constructors hidden in JSON, no silent degrading.

    Raises:
        BlockedTypeError: On load or dump of anything outside the list; nothing of it is imported or run.
    """

    def __init__(self, allow: Sequence[type] = ()) -> None:
        for item in allow:
            _check_importable(item)
        super().__init__(pickle_fallback=False, allowed_json_modules=None, allowed_msgpack_modules=tuple(allow) or None)
        self._sends = PackedSends()

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Serialize `obj`, and refuse now what could not be read back later."""
        if type(obj) in _OFTEN:
            if type(obj) is list and obj and type(obj[0]) is Send and (packed := self._sends.taken(obj)):
                return "msgpack", packed
            kind, (data, is_plain) = "msgpack", _packed(obj)
            if is_plain and type(obj) is Send:
                self._sends.keep(obj, data)
        else:
            if isinstance(obj, BaseException):
                obj = _said(obj)  # what becomes of most exceptions; those that are dataclasses would be kept as objects
            kind, data = super().dumps_typed(obj)
            is_plain = False
        if kind == "msgpack" and not is_plain and _MAYBE_OBJECT.search(data):
            with _refusals() as refused:
                super().loads_typed((kind, data))
            if refused:
                raise BlockedTypeError(
                    f"{_listed(refused)} is not allowed in a checkpoint: keep plain data in the state, or pass the"
                    " class as allow=[...]"
                )
        return kind, data

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Restore what was dumped.

        Raises:
            SealError: It is encrypted; what is has been opened before it comes here, where there are keys.
        """
        kind, payload = data
        if kind == SEALED:
            raise SealError(
                f"a checkpoint is encrypted, and is read without keys: set {KEYS_VARIABLE}, or give the sealer that"
                " it was stored with"
            )
        if kind == "json":
            return json.loads(payload, object_hook=_refuse_constructor)
        if kind not in _PLAIN_FORMATS:
            raise BlockedTypeError(f"a checkpoint holds a value in the format {kind!r}, which is never read")
        with _refusals() as refused:
            value = super().loads_typed(data)
        if refused:
            raise BlockedTypeError(
                f"a checkpoint holds {_listed(refused)}, which is not allowed: if it is a class of your own graph's"
                " state, pass it as allow=[...]; if not, somebody else wrote this row"
            )
        return value


def _said(error: BaseException) -> str:
    """An exception in words, whatever its own `__repr__` does."""
    try:
        return repr(error).encode("utf-8", "backslashreplace").decode()
    except Exception:  # noqa: BLE001 - an error that cannot be told is still one
        return f"{type(error).__name__}(...)"


def _packed(value: Any) -> tuple[bytes, bool]:
    """The bytes that the inherited way gives, and whether they hold only plain data and `Send`s of it.

    A fan-out is written as one `Send` for each branch, and once more as the list of them all. To find out what each of
    them is takes LangGraph 11 us, four times what writing it takes.
    """
    try:
        if type(value) is not Send:
            return ormsgpack.packb(value, option=_option), True
        if value.timeout is None:
            return _packed_send(ormsgpack.packb((value.node, value.arg), option=_option)), True
    except ormsgpack.MsgpackEncodeError:  # of the first thing that is not plain data
        pass
    is_plain = True

    def named(item: Any) -> Any:
        nonlocal is_plain
        if type(item) is not Send or item.timeout is not None:
            is_plain = False
            return _msgpack_default(item)
        content = (Send.__module__, Send.__name__, (item.node, item.arg))
        return ormsgpack.Ext(EXT_CONSTRUCTOR_POS_ARGS, ormsgpack.packb(content, default=named, option=_option))

    return ormsgpack.packb(value, default=named, option=_option), is_plain


def _packed_send(arguments: bytes) -> bytes:
    """A `Send` of plain data, its node and argument packed already: an object of msgpack, longer than 16 bytes."""
    size = len(_SEND) + len(arguments)
    for head, most in ((b"\xc7", 1), (b"\xc8", 2), (b"\xc9", 4)):
        if size < 256**most:
            return b"".join((head, size.to_bytes(most, "big"), _POSITIONAL, _SEND, arguments))
    raise OverflowError(f"{size} bytes are more than msgpack has objects of")


@contextmanager
def _refusals() -> Iterator[list[str]]:
    """What the serializer refuses meanwhile; it reports that to listeners, and returns as if all were well."""
    refused: list[str] = []
    token = _refused.set(refused)
    try:
        yield refused
    finally:
        _refused.reset(token)


def _note_refusal(event: SerdeEvent) -> None:
    refused = _refused.get()
    if refused is not None and event["kind"] in _BLOCKED_KINDS:
        name = f"{event['module']}.{event['name']}"
        refused.append(f"{name}.{event['method']}" if "method" in event else name)


def _is_news(record: logging.LogRecord) -> bool:
    """Not what LangGraph logs of a refusal that is raised here: its advice is to set what this serializer sets."""
    return _refused.get() is None or not str(record.msg).startswith("Blocked deserialization of")


register_serde_event_listener(_note_refusal)
logging.getLogger(JsonPlusSerializer.__module__).addFilter(_is_news)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(set(names)))


def _refuse_constructor(value: dict[str, Any]) -> dict[str, Any]:
    if "lc" in value and "type" in value:
        raise BlockedTypeError(f"a checkpoint holds a constructor in JSON ({value.get('id')}), which is never run")
    return value


def _check_importable(item: type) -> None:
    module = sys.modules.get(getattr(item, "__module__", ""))
    if not isinstance(item, type) or getattr(module, item.__name__, None) is not item:
        raise ConfigurationError("allow", item, "give classes defined at the top of an importable module")
