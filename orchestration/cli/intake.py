"""Taking documents in: every source is found and read before anything starts. Blocks; run it in a thread."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from langgraph_quorum.nodes.documents.cache import read_cached
from langgraph_quorum.nodes.documents.finding import find_documents
from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.standard_input import SHOWN, keep, kept_path, read_standard_input
from langgraph_quorum.orchestration.cli.words import printable
from langgraph_quorum.state.errors import DocumentError

STDIN = "-"


@dataclass
class Intake:
    """What the sources amount to.

    Attributes:
        named: The sources, absolute, so that a resume from another folder means the same.
        documents: Files that were found, readable or not, each once.
        lost: Sources that name no document, as they were given: their branches fail, and say why.
        piped: Where standard input is kept, when it was asked for.
        refusals: One line for each document that cannot be read.
        readable: How many can be.
    """

    named: list[str] = field(default_factory=list)
    documents: list[Path] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    piped: Path | None = None
    refusals: list[str] = field(default_factory=list)
    readable: int = 0


def take_in(sources: Sequence[str], environ: Mapping[str, str]) -> Intake:
    """Find and read everything that is named.

    Args:
        sources: Files, folders, globs, or `-` for standard input.
        environ: Tells where standard input is kept.

    Raises:
        RefusedError: a source is empty, as an unset variable of the shell is; or nothing can be read: one line for each
            document. Nothing was kept then.
        MissingExtraError: the extra `documents` is not installed.
    """
    if "" in sources:
        raise RefusedError("PATH '' is empty: give a file, a folder (. for the one you are in), a glob, or -")
    intake = Intake()
    for source in dict.fromkeys(sources):
        if source == STDIN:
            _take_standard_input(intake, environ)
        else:
            _take(intake, source)
    if not intake.readable:
        if intake.piped is not None:
            intake.piped.unlink(missing_ok=True)
        raise RefusedError(*intake.refusals)
    return intake


def _take(intake: Intake, source: str) -> None:
    try:
        intake.named.append(absolute(source) if _is_text(source) else printable(source))
        found = find_documents([source])
    except DocumentError as error:
        intake.lost.append(printable(source))
        intake.refusals.append(str(error))
        return
    known = {path.resolve() for path in intake.documents}
    for path in found:
        if path.resolve() in known:
            continue
        if not _is_text(str(path.resolve())):
            intake.lost.append(printable(str(path)))
            intake.refusals.append(f"{printable(str(path))}: its name is not UTF-8: rename it")
            continue
        intake.documents.append(path)
        _read(intake, path, str(path))


def absolute(source: str) -> str:
    """The source as it is meant from any folder.

    Raises:
        DocumentError: it begins with `~` and a user that there is not.
    """
    try:
        return str(Path.cwd() / Path(source).expanduser())
    except RuntimeError:
        raise DocumentError(source, "there is no such user: check the spelling after ~") from None


def _take_standard_input(intake: Intake, environ: Mapping[str, str]) -> None:
    data = read_standard_input()
    path = kept_path(data, environ)
    keep(data, path)
    intake.named.append(str(path))
    intake.piped = path
    _read(intake, path, SHOWN)


def _read(intake: Intake, path: Path, shown: str) -> None:
    try:
        read_cached(path)
    except DocumentError as error:
        intake.refusals.append(f"{shown}: {error.problem}")
    else:
        intake.readable += 1


def _is_text(name: str) -> bool:
    """Whether a name can be kept: file systems allow bytes that are no UTF-8, a database does not."""
    return name == os.fsencode(name).decode("utf-8", "replace")
