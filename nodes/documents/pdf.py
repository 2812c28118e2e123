"""PDF, read with pypdf. Headings are the outline's titles where they stand on their page."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from pypdf import PageObject, PasswordType, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from langgraph_quorum.nodes.documents.bare_links import links_in
from langgraph_quorum.nodes.documents.model import Block, Document, Fault, Link, Place
from langgraph_quorum.nodes.documents.pdf_text import Heading, PageReader, without_running_lines
from langgraph_quorum.state.errors import DocumentError

# pypdf logs each flaw it works around. Where no logging is set up these would go to stderr, amid our own output.
logging.getLogger("pypdf").addHandler(logging.NullHandler())

LONGEST_TITLE = 120
"""Characters."""


def read_pdf(source: str, data: bytes) -> Document:
    """Reads a PDF.

    Raises:
        DocumentError: It is damaged, needs a password, or has no text.
    """
    try:
        reader = _opened(source, data)
        pages = list(reader.pages)
        texts = [page.extract_text() for page in pages]
        outline = _outline(reader)
        links = [link for number, page in enumerate(pages, start=1) for link in _annotated(page, number)]
        title = (reader.metadata.title if reader.metadata else "") or ""
    except PyPdfError as error:
        problem = f"is damaged or no PDF ({error}): open it in a viewer and save it anew"
        raise DocumentError(source, problem) from error
    if not any(text.strip() for text in texts):
        counted = "on its 1 page" if len(pages) == 1 else f"on any of its {len(pages)} pages"
        why = "it is scanned (then run OCR first, for instance `ocrmypdf`) or empty"
        problem = f"cannot be analysed, no text was found {counted}: {why}"
        raise DocumentError(source, problem)
    blocks = _blocks(texts, outline)
    return Document(
        source=source,
        format="pdf",
        title=title.strip() or _first_line(texts) or PurePath(source).name,
        blocks=tuple(blocks),
        links=tuple(_distinct(links, blocks)),
        faults=tuple(_faults(texts)),
    )


def _opened(source: str, data: bytes) -> PdfReader:
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        try:
            is_open = (
                reader.decrypt("") != PasswordType.NOT_DECRYPTED
            )  # many files are encrypted with an empty password
        except DependencyError:
            raise DocumentError(source, "is encrypted with AES: install `cryptography`, or save it decrypted") from None
        if not is_open:
            raise DocumentError(source, "needs a password: save it without one, for instance with `qpdf --decrypt`")
    return reader


def _blocks(texts: Sequence[str], outline: Sequence[Heading]) -> list[Block]:
    on_page: dict[int, list[Heading]] = {}
    for heading in outline:
        on_page.setdefault(heading.page, []).append(heading)
    reader = PageReader(on_page)
    for number, lines in enumerate(without_running_lines(texts), start=1):
        reader.read_page(number, lines)
    reader.end_paragraph()
    return reader.blocks


def _first_line(texts: Sequence[str]) -> str:
    """The first line of the first page, if it is short enough to be a title, else ""."""
    line = next((line.strip() for line in texts[0].splitlines() if line.strip()), "")
    return line if len(line) <= LONGEST_TITLE and not line.endswith(".") else ""


def _outline(reader: PdfReader) -> list[Heading]:
    return list(_entries(reader, reader.outline, level=1))


def _entries(reader: PdfReader, entries: Sequence[Any], level: int) -> Iterator[Heading]:
    """The children of an entry come as a list that follows it."""
    for entry in entries:
        if isinstance(entry, list):
            yield from _entries(reader, entry, level + 1)
            continue
        page = reader.get_destination_page_number(entry)
        title = " ".join(str(entry.title or "").split())
        if title and page is not None and page >= 0:
            yield Heading(title, level, page + 1)


def _annotated(page: PageObject, number: int) -> Iterator[Link]:
    """Links that a viewer makes clickable. The text under them is not known, so the address stands for it."""
    for reference in page.annotations or ():
        action = reference.get_object().get("/A")
        target = action.get_object().get("/URI") if action is not None else None
        if target is not None:
            yield Link(str(target), str(target), Place(section="", page=number))


def _distinct(annotated: Sequence[Link], blocks: Sequence[Block]) -> Iterator[Link]:
    """Clickable links, and addresses in the text which are not clickable on their page."""
    seen = {(link.target.rstrip("/"), link.place["page"]) for link in annotated}
    yield from annotated
    for block in blocks:
        for link in links_in(block):
            if (link.target.rstrip("/"), link.place["page"]) not in seen:
                yield link


def _faults(texts: Sequence[str]) -> Iterator[Fault]:
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            yield Fault(
                "the page has no text: it may be scanned, or empty", "info", Place(section="", page=number), "pypdf"
            )
