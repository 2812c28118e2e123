"""Finding the documents a user means by files, folders and globs."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from langgraph_quorum.nodes.documents.formats import SUFFIXES
from langgraph_quorum.state.errors import DocumentError


def find_documents(patterns: Sequence[str]) -> list[Path]:
    """The documents meant, in the order of the patterns; what one pattern finds is sorted, and nothing comes twice.

    Args:
        patterns: Files (of any suffix), folders (searched through for known suffixes, hidden folders left out), and
            globs, where `**` stands for any number of folders.

    Raises:
        DocumentError: A pattern finds nothing.
    """
    if not patterns:
        raise DocumentError("documents", "none are named: give files, folders or globs")
    found: dict[Path, Path] = {}
    for pattern in patterns:
        for path in _matching(pattern):
            found.setdefault(path.resolve(), path)
    return list(found.values())


def _matching(pattern: str) -> list[Path]:
    try:
        path = Path(pattern).expanduser()
        if path.is_dir():
            return _in_folder(path, pattern)
        if path.exists():
            return [path]
    except DocumentError:  # a ValueError, too
        raise
    except OSError as error:  # a name too long for the file system, or a folder that may not be looked into
        raise DocumentError(pattern, f"cannot be looked up ({error.strerror}): check the path") from error
    except RuntimeError as error:  # no such user behind the ~
        raise DocumentError(pattern, "starts with the home of a user who is not known: check the spelling") from error
    except ValueError:  # a NUL character after the ~
        raise DocumentError(pattern, "is not a path a file can have: check the spelling") from None
    if glob.has_magic(pattern):
        return _by_glob(str(path), pattern)
    raise DocumentError(pattern, "no such file or folder: check the spelling")


def _in_folder(folder: Path, pattern: str) -> list[Path]:
    documents = sorted(_walk(folder))
    if not documents:
        raise DocumentError(pattern, f"is a folder without documents: they end in {_suffixes()}")
    return documents


def _walk(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except PermissionError:
        raise DocumentError(str(folder), "may not be looked into: give yourself the right to read it") from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if not entry.is_symlink():  # a link may lead back up
                yield from _walk(entry)
        elif entry.suffix.lower() in SUFFIXES and entry.is_file():
            yield entry


def _by_glob(expanded: str, pattern: str) -> list[Path]:
    """The files a glob matches. One that ends in `*` names no suffix: only documents are meant by it."""
    matches = [Path(name) for name in glob.glob(expanded, recursive=True)]  # noqa: PTH207 - absolute patterns as well
    files = sorted(path for path in matches if path.is_file())
    if not files:
        raise DocumentError(pattern, "matches no file: check the spelling and the folder you are in")
    if expanded.endswith("*"):
        files = [path for path in files if path.suffix.lower() in SUFFIXES]
        if not files:
            raise DocumentError(pattern, f"matches no document: they end in {_suffixes()}")
    return files


def _suffixes() -> str:
    return ", ".join(SUFFIXES)
