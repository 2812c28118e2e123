"""Documents kept in memory, so that specialists that work on the same document at once parse it once."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Lock

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.documents.reader import read
from langgraph_quorum.state.errors import DocumentError

CAPACITY = 32
"""Documents; beyond that the one longest unused is dropped."""

_Key = tuple[str, int, int]


class DocumentCache:
    """Keyed by path, time of change and size. Threads that ask for a document being parsed wait for it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = Lock()
        self._kept: OrderedDict[_Key, Future[Document]] = OrderedDict()

    def read(self, source: str | Path) -> Document:
        """The document, parsed now or before.

        Raises:
            DocumentError: It cannot be read; nothing is kept then, the next call tries again.
        """
        key = _key(source)
        if key is None:
            return read(source)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            else:
                mine: Future[Document] = Future()
                self._kept[key] = mine
                while len(self._kept) > self._capacity:
                    self._kept.popitem(last=False)
        if kept is not None:
            return kept.result()
        return self._parse(source, key, mine)

    def clear(self) -> None:
        """Forgets all documents."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def _parse(self, source: str | Path, key: _Key, mine: Future[Document]) -> Document:
        try:
            document = read(source)
        except BaseException as error:
            with self._lock:
                if self._kept.get(key) is mine:
                    del self._kept[key]
            mine.set_exception(error)
            raise
        mine.set_result(document)
        return document


_DOCUMENTS = DocumentCache()


def read_cached(source: str | Path, sha256: str | None = None) -> Document:
    """Like `read`, but a document that has not changed on disk is parsed once per process.

    Args:
        source: Path of the file.
        sha256: Checksum the document had when the run began; None accepts any.

    Raises:
        DocumentError: The file cannot be read as a document, or is not the one the run began with.
        MissingExtraError: The extra `documents` is not installed.
    """
    document = _DOCUMENTS.read(source)
    if document.source != str(source):  # the same file was read under another name
        document = replace(document, source=str(source))
    if sha256 is not None and document.sha256 != sha256:
        raise DocumentError(str(source), "changed since this run began: start a new run")
    return document


def _key(source: str | Path) -> _Key | None:
    """None when the file cannot be looked at: reading it then says why."""
    try:
        path = Path(source).expanduser().resolve()
        status = path.stat()
    except (OSError, ValueError, RuntimeError):
        return None
    return str(path), status.st_mtime_ns, status.st_size
