"""The outcome as one JSON object, on standard output or in a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from langgraph_quorum.orchestration.cli.exits import FAILED, RefusedError
from langgraph_quorum.orchestration.cli.strict_json import json_text
from langgraph_quorum.orchestration.outcome import UNSET

STDOUT = "-"
_STDIN = 0

_UNTOLD = {"workflow_id", "messages"}
_CONTRACT: Mapping[str, Any] = {
    "thread_id": None,
    "status": None,
    **{key: missing for key, missing in UNSET.items() if key not in _UNTOLD},
    "branches": {},
    "interrupts": {},
}
"""Every key of the object, and its value for a run that has not come so far."""


def as_object(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome with exactly the keys of the contract."""
    return {key: outcome.get(key, missing) for key, missing in _CONTRACT.items()}


def print_json(value: Any) -> None:
    """Print JSON on standard output. Escaped, so that no terminal's encoding can break it."""
    sys.stdout.write(json_text(value) + "\n")
    sys.stdout.flush()


class JsonFile:
    """A file that the outcome will be written to. Making it checks that it can be.

    Raises:
        RefusedError: it is a folder, or cannot be written.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        try:
            self._path = Path(name).expanduser().resolve()
            if self._path.is_dir():
                raise RefusedError(f"--json {name}: is a folder: name a file in it")
            self._is_special = self._path.exists() and not self._path.is_file()
            self._check()
        except (OSError, ValueError, RuntimeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or "not a path a file can have"
            raise RefusedError(f"--json {name}: cannot be written ({reason}): name another file") from error

    def keep_off(self, documents: Iterable[Path]) -> None:
        """Refuse to replace what is to be analysed, under whichever name: a link to a document is that document.

        Raises:
            RefusedError: the file is one of these documents.
        """
        for document in documents:
            if not self._is_special and _is_same(self._path, document):
                raise RefusedError(f"--json {self._name}: would overwrite the document {document}: name another file")

    def keep_off_standard_input(self) -> None:
        """The same for a file that the shell opened as standard input.

        Raises:
            RefusedError: the file is standard input.
        """
        try:
            is_input = not self._is_special and os.path.samestat(os.fstat(_STDIN), self._path.stat())
        except OSError:  # there is no such file yet, or standard input is closed
            return
        if is_input:
            raise RefusedError(
                f"--json {self._name}: would overwrite the document on standard input: name another file"
            )

    def write(self, outcome: Mapping[str, Any]) -> None:
        """Write the object.

        Raises:
            RefusedError: the disk is full, or the folder has gone meanwhile.
        """
        text = json_text(as_object(outcome), ensure_ascii=False) + "\n"
        try:
            if self._is_special:  # a device or a pipe: it must not be replaced by a file
                with self._path.open("w", encoding="utf-8") as file:
                    file.write(text)
            else:
                self._replace(text)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it holds a lone surrogate"
            mend = f"the result is kept: quorum show {outcome['thread_id']} --json"
            raise RefusedError(f"--json {self._name}: cannot be written ({reason}): {mend}", code=FAILED) from error

    def _check(self) -> None:
        if self._path.exists():
            if not os.access(self._path, os.W_OK):
                raise PermissionError(0, "no right to write")
            if self._is_special:
                return
        part = self._part()
        part.touch(exist_ok=False)
        part.unlink()

    def _replace(self, text: str) -> None:
        part = self._part()
        try:
            with part.open("x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if self._path.exists():
                part.chmod(self._path.stat().st_mode & 0o7777)
            part.replace(self._path)
        finally:
            part.unlink(missing_ok=True)

    def _part(self) -> Path:
        return self._path.with_name(f".{self._path.name[:100]}.{os.getpid()}.part")


def _is_same(file: Path, document: Path) -> bool:
    try:
        return file == document.resolve() or file.samefile(document)
    except (OSError, RuntimeError):  # one of them does not exist, or a link leads to itself
        return False
