"""What the processes of a run have done, in a file that no kill can take back."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

Kind = Literal["start", "told", "end", "fail", "stopped"]
"""`told` is an answer of a human; `end` the specialist's own, `fail` an error or a question, `stopped` a cancellation.
A call that a kill cut short has none of the last three."""


def key_of(branch_id: str, round_number: int) -> str:
    """A branch as scenarios name it: `a` in the first fan-out, `a@1` in the next."""
    return f"{branch_id}@{round_number}" if round_number else branch_id


class Line(NamedTuple):
    """One start or end of one call of a specialist."""

    pid: int
    kind: Kind
    key: str
    attempt: int

    @property
    def branch_id(self) -> str:
        return self.key.partition("@")[0]


class Ledger:
    """Appends lines, each handed to the system, which outlives a killed process, before the specialist goes on."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, kind: Kind, key: str, attempt: int) -> None:
        line = json.dumps(Line(os.getpid(), kind, key, attempt)) + "\n"
        os.write(self._file, line.encode())


def read(path: Path) -> list[Line]:
    """All whole lines so far."""
    text = path.read_text() if path.exists() else ""
    return [Line(*json.loads(line)) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def of_process(lines: Sequence[Line], pid: int) -> list[Line]:
    """The lines that one process has written."""
    return [line for line in lines if line.pid == pid]
