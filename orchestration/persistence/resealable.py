"""What is stored sealed, column by column: where each value belongs, and what it looks like sealed with another key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.encryption import SEALED, Encryption, described
from langgraph_quorum.orchestration.persistence.saving.sealed import left_readable
from langgraph_quorum.orchestration.persistence.sealed_register import (
    from_json,
    from_text,
    json_envelope,
    options_place,
    task_place,
    text_envelope,
)
from langgraph_quorum.orchestration.persistence.sealing import Place
from langgraph_quorum.state.errors import SealError

_LEAST_INTEGER = -(2**31)


@dataclass(frozen=True)
class Subject:
    """A column of sealed values.

    Attributes:
        name: The statements' `<name>_page` and `<name>_swap`.
        first: What comes before the first primary key, by its columns in their order.
        place: Where a row's value belongs.
        form: Bytes with a kind beside them; JSON or a text that holds the envelope.
        convertible: Whether a plain value may be sealed where it is.
    """

    name: str
    first: Mapping[str, str | int]
    place: Callable[[DictRow], Place]
    form: Literal["bytes", "json", "text"]
    convertible: bool = True

    def resealed(self, sealer: Encryption, row: DictRow, *, plain_allowed: bool) -> tuple[str, Any]:
        """The row's value, sealed with the current key, as kind and data; JSON and texts have no kind.

        Raises:
            SealError: it cannot be opened, or is plain and that is not allowed.
        """
        place = self.place(row)
        found = self._envelope(row)
        if found is None and not self.convertible:
            raise SealError(
                f"{described(place)} is not encrypted and stays so, since states name it by a plain hash: put it again"
                " into a store that encrypts"
            )
        if found is None and not plain_allowed:
            raise SealError(
                f"{described(place)} is not encrypted: if nothing here was so far, reseal with plain_allowed=True"
            )
        plain = self._plain(row) if found is None else sealer.unseal(place, *found)
        return self._stored(row, *sealer.seal(place, *plain))

    def _envelope(self, row: DictRow) -> tuple[str, bytes] | None:
        """Kind and data of a sealed value; None of a plain one."""
        match self.form:
            case "bytes":
                return (SEALED, row["data"] or b"") if row["kind"] == SEALED else None
            case "json":
                value = json.loads(row["data"])
                return from_json(value) if isinstance(value, dict) else None
            case "text":
                data = from_text(row["data"])
                return None if data is None else (SEALED, data)

    def _plain(self, row: DictRow) -> tuple[str, bytes]:
        match self.form:
            case "bytes":
                return row["kind"], row["data"] or b""
            case "json" | "text" as form:
                return form, row["data"].encode()

    def _stored(self, row: DictRow, kind: str, data: bytes) -> tuple[str, Any]:
        match self.form:
            case "bytes":
                return kind, data
            case "json":
                return "", json.dumps(self._beside(row) | json_envelope(kind, data))
            case "text":
                return "", text_envelope(data)

    def _beside(self, row: DictRow) -> dict[str, Any]:
        """What stays readable beside the envelope: the saver leaves what pruning asks for."""
        if self.name != "checkpoints":
            return {}
        value: dict[str, Any] = json.loads(row["data"])
        return value if from_json(value) is not None else left_readable(value)


def _blob(row: DictRow) -> Place:
    return Place("checkpoint_blobs", row["thread_id"], (row["checkpoint_ns"], row["channel"], row["version"]))


def _write(row: DictRow) -> Place:
    key = (row["checkpoint_ns"], row["checkpoint_id"], row["task_id"], str(row["idx"]), row["channel"])
    return Place("checkpoint_writes", row["thread_id"], key)


def _metadata(row: DictRow) -> Place:
    return Place("checkpoints", row["thread_id"], (row["checkpoint_ns"], row["checkpoint_id"], "metadata"))


def _artifact(row: DictRow) -> Place:
    address = row["hash"].rpartition("/")[2]  # without the tenant before it
    return Place("artifacts", "", (address, "data"))


SUBJECTS = (
    Subject("checkpoint_blobs", {"thread_id": "", "checkpoint_ns": "", "channel": "", "version": ""}, _blob, "bytes"),
    Subject(
        "checkpoint_writes",
        {"thread_id": "", "checkpoint_ns": "", "checkpoint_id": "", "task_id": "", "idx": _LEAST_INTEGER},
        _write,
        "bytes",
    ),
    Subject("checkpoints", {"thread_id": "", "checkpoint_ns": "", "checkpoint_id": ""}, _metadata, "json"),
    Subject("options", {"thread_id": ""}, lambda row: options_place(row["thread_id"]), "json"),
    Subject("tasks", {"thread_id": ""}, lambda row: task_place(row["thread_id"]), "text"),
    Subject(
        "artifacts",
        {"hash": ""},
        _artifact,
        "bytes",
        convertible=False,
    ),
)
"""All of them, in the order they are sealed anew."""
