"""Reading one document: bytes in, blocks with their places out, and every refusal a DocumentError."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from langgraph_quorum.nodes.documents.formats import SUFFIXES, format_of
from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.documents.source import DEFAULT_LIMIT_BYTES, decode, read_bytes, refuse_empty
from langgraph_quorum.state.errors import DocumentError, MissingExtraError

_PACKAGE = "langgraph_quorum.nodes.documents"
_TEXT_READERS = {
    "rst": ("restructuredtext", "read_restructuredtext"),
    "markdown": ("markdown", "read_markdown"),
    "text": ("plain", "read_plain"),
    "html": ("html", "read_html"),
}
_BYTES_READERS = {"pdf": ("pdf", "read_pdf"), "docx": ("docx", "read_docx")}


def read(source: str | Path, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> Document:
    """Reads a document from disk; its suffix tells the format, else its content.

    Args:
        source: Path of the file.
        limit_bytes: Larger files are refused.

    Raises:
        DocumentError: The file cannot be read as a document; the message says why and what to do.
        MissingExtraError: The extra `documents` is not installed.
    """
    name = str(source)
    data = read_bytes(Path(name).expanduser(), name, limit_bytes)
    return parse(data, source=name)


def parse(data: bytes, *, source: str, format: str | None = None) -> Document:  # noqa: A002 - the word users know
    """Parses a document's bytes; opens no file.

    Args:
        data: The whole file.
        source: The name the document is known by; its suffix tells the format unless `format` does.
        format: `rst`, `markdown`, `text`, `html`, `pdf` or `docx`.

    Raises:
        DocumentError: The bytes are not a document of that format, or hold no text.
        MissingExtraError: The extra `documents` is not installed.
    """
    refuse_empty(data, source)
    kind = format or format_of(source, data)
    try:
        document = _parse_as(kind, data, source)
    except (DocumentError, MissingExtraError):
        raise
    except RecursionError as error:
        raise DocumentError(source, "is nested too deeply to be parsed: flatten its lists or quotes") from error
    except Exception as error:
        problem = f"the {kind} parser failed on it ({type(error).__name__}: {error}): check that the file is whole"
        raise DocumentError(source, problem) from error
    if not document.blocks:
        raise DocumentError(source, f"holds no text when read as {kind}: check that it is the right file")
    return replace(document, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def _parse_as(kind: str, data: bytes, source: str) -> Document:
    if kind in _TEXT_READERS:
        read_text = _load(kind, *_TEXT_READERS[kind])
        return read_text(source, decode(data, source))
    if kind in _BYTES_READERS:
        read_data = _load(kind, *_BYTES_READERS[kind])
        return read_data(source, data)
    known = ", ".join(sorted(set(SUFFIXES.values())))
    raise DocumentError(source, f"there is no reader for the format {kind!r}: give one of {known}")


def _load(kind: str, module: str, function: str) -> Callable[[str, Any], Document]:
    try:
        found: Callable[[str, Any], Document] = getattr(import_module(f"{_PACKAGE}.{module}"), function)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(_PACKAGE.partition(".")[0]):
            raise
        raise MissingExtraError("documents", f"reading {kind}") from error
    return found
