"""Which format a document is in: told by its suffix, else by its content."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

from langgraph_quorum.state.errors import DocumentError

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".md": "markdown",
        ".markdown": "markdown",
        ".mdown": "markdown",
        ".mkd": "markdown",
        ".rst": "rst",
        ".rest": "rst",
        ".txt": "text",
        ".text": "text",
        ".html": "html",
        ".htm": "html",
        ".xhtml": "html",
        ".pdf": "pdf",
        ".docx": "docx",
    }
)
"""Suffix in lower case -> format."""

_REFUSED = {
    ".doc": "old Word files cannot be read: save it as .docx",
    ".odt": "OpenDocument files cannot be read: save it as .docx or .pdf",
    ".rtf": "RTF files cannot be read: save it as .docx or .pdf",
    ".epub": "EPUB files cannot be read: convert it to .html",
}
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?>.*?-->)\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_RST = re.compile(
    r"^(?:\.\. [\w:-]+::|\.\. _[^:\n]+:|:[\w-]+: |(?=(\S[^\n]*))\1\n(?P<rule>[=~^\"'*+#-])(?P=rule){3,}$)", re.MULTILINE
)
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|```|~~~|---\n[\w-]+:)|\[[^\[\]\n]{1,200}\]\([^)\s]{1,500}\)", re.MULTILINE)
_SNIFFED_BYTES = 64 * 1024


def format_of(source: str, data: bytes) -> str:
    """The format of a document named `source`.

    Raises:
        DocumentError: It is in a format that is known and cannot be read.
    """
    suffix = PurePath(source).suffix.lower()
    if known := SUFFIXES.get(suffix):
        return known
    if suffix in _REFUSED:
        raise DocumentError(source, _REFUSED[suffix])
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04") and _is_docx(data):
        return "docx"
    return _text_format(data[:_SNIFFED_BYTES].decode("utf-8", errors="replace"))


def _is_docx(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "word/document.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _text_format(text: str) -> str:
    """HTML by its first tag; else whichever of reStructuredText and Markdown leaves more marks, plain text for none."""
    if _HTML.match(text.lstrip("\ufeff")):
        return "html"
    rst, markdown = len(_RST.findall(text)), len(_MARKDOWN.findall(text))
    if not rst and not markdown:
        return "text"
    return "rst" if rst >= markdown else "markdown"
