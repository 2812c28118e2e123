"""What the register of runs keeps of a run's input, sealed: its options in an envelope of JSON, its task as text.

Status, times, tags, reasons and the names of workflows stay readable: runs are found by them.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from langgraph_quorum.orchestration.persistence.sealing import Place, Sealer
from langgraph_quorum.state.errors import SealError

ENVELOPE = "sealed"
"""The key of JSON under which its sealed form is: [kind, base64]."""

TEXT_PREFIX = "sealed:"
"""How a sealed text begins; base64 follows."""

_MEND = "set QUORUM_ENCRYPTION_KEYS, or give the sealer that it was stored with"


def options_place(thread_id: str) -> Place:
    """Where a run's options are."""
    return Place("runs", thread_id, ("options",))


def task_place(thread_id: str) -> Place:
    """Where a run's task is."""
    return Place("runs", thread_id, ("task",))


def sealed_options(sealer: Sealer | None, thread_id: str, options: str) -> str:
    """Options as they are stored, from and to JSON text; without a sealer as they are."""
    if sealer is None:
        return options
    return json.dumps(json_envelope(*sealer.seal(options_place(thread_id), "json", options.encode())))


def opened_options(sealer: Sealer | None, thread_id: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Options as they were given.

    Raises:
        SealError: they are sealed and there is no sealer; or there is one and they are not, or cannot be opened.
    """
    found = from_json(options)
    if sealer is None:
        if found is not None:
            raise SealError(f"the options of run {thread_id!r} are encrypted: {_MEND}")
        return options
    if found is None:
        raise SealError(f"the options of run {thread_id!r} are not encrypted: encrypt an old database with reseal")
    opened: dict[str, Any] = json.loads(sealer.unseal(options_place(thread_id), *found)[1])
    return opened


def sealed_task(sealer: Sealer | None, thread_id: str, task: str) -> str:
    """A task as it is stored; without a sealer as it is. The text must be one that UTF-8 can hold."""
    if sealer is None:
        return task
    return text_envelope(sealer.seal(task_place(thread_id), "text", task.encode())[1])


def opened_task(sealer: Sealer | None, thread_id: str, task: str) -> str:
    """A task as it was given; without a sealer as it is stored, for its options tell whether the run is sealed.

    Raises:
        SealError: there is a sealer and the task is not sealed, or cannot be opened.
    """
    if sealer is None:
        return task
    data = from_text(task)
    if data is None:
        raise SealError(f"the task of run {thread_id!r} is not encrypted: encrypt an old database with reseal")
    return sealer.unseal(task_place(thread_id), ENVELOPE, data)[1].decode()


def json_envelope(kind: str, data: bytes) -> dict[str, Any]:
    """A sealed value as JSON."""
    return {ENVELOPE: [kind, base64.b64encode(data).decode()]}


def from_json(value: Mapping[str, Any]) -> tuple[str, bytes] | None:
    """Kind and data of a sealed value; None of what is not sealed."""
    match value.get(ENVELOPE):
        case [str(kind), str(text)]:
            data = _decoded(text)
            return None if data is None else (kind, data)
    return None


def text_envelope(data: bytes) -> str:
    """A sealed value as text."""
    return TEXT_PREFIX + base64.b64encode(data).decode()


def from_text(text: str) -> bytes | None:
    """The data of a sealed text; None of what is not sealed."""
    return _decoded(text.removeprefix(TEXT_PREFIX)) if text.startswith(TEXT_PREFIX) else None


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
