"""DOCX, read with python-docx: paragraphs and tables in the order of the document."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import docx
from docx.exceptions import PythonDocxError
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from langgraph_quorum.nodes.documents.bare_links import links_in
from langgraph_quorum.nodes.documents.docx_archive import check_archive
from langgraph_quorum.nodes.documents.docx_styles import is_contents, role_of
from langgraph_quorum.nodes.documents.docx_text import (
    images_without_text,
    paragraphs_and_tables,
    table_text,
    text_boxes,
    text_of,
)
from langgraph_quorum.nodes.documents.heading_order import skipped_levels
from langgraph_quorum.nodes.documents.model import Block, Document, Fault, Link, Place
from langgraph_quorum.state.errors import DocumentError


def read_docx(source: str, data: bytes) -> Document:
    """Reads a DOCX.

    Raises:
        DocumentError: It is damaged, encrypted, no DOCX, or unpacks to too much.
    """
    check_archive(source, data)
    try:
        opened = docx.Document(io.BytesIO(data))
    except (PythonDocxError, SyntaxError, KeyError, ValueError) as error:  # lxml's XMLSyntaxError is a SyntaxError
        problem = f"is damaged or no DOCX ({error}): open it in a word processor and save it anew"
        raise DocumentError(source, problem) from error
    collector = _DocxCollector(opened)
    collector.collect(opened.element.body)
    heading = next((block.text for block in collector.blocks if block.kind == "heading"), "")
    return Document(
        source=source,
        format="docx",
        title=heading or (opened.core_properties.title or "").strip() or PurePath(source).name,
        blocks=tuple(collector.blocks),
        links=tuple(collector.links),
        faults=(*collector.faults, *skipped_levels(collector.blocks)),
    )


class _DocxCollector:
    """Goes through a body and collects `blocks`, `links` and `faults`."""

    def __init__(self, opened: Any) -> None:
        self.blocks: list[Block] = []
        self.links: list[Link] = []
        self.faults: list[Fault] = []
        self._opened = opened
        self._section = ""
        self._number = 0
        """Of the last paragraph with text, or table."""

    def collect(self, element: Any) -> None:
        """Collects the paragraphs and tables of a body or text box."""
        for child in paragraphs_and_tables(element):
            if child.tag == qn("w:tbl"):
                self._add_table(child)
                continue
            self._add_paragraph(child)
            for box in text_boxes(child):
                self.collect(box)

    def _add_paragraph(self, element: Any) -> None:
        paragraph = Paragraph(element, self._opened)
        style = paragraph.style
        if is_contents(style):
            return
        kind, level = role_of(element, style)
        text = text_of(element)
        text = text.rstrip() if kind == "code" else text.strip()
        if images_without_text(element):
            self._fault("an image has no alt text", "image-alt")
        if not text.strip():
            if kind == "heading":
                self._fault("a heading is empty", "empty-heading")
            return
        self._number += 1
        if kind == "heading":
            text = self._section = " ".join(text.split())
        block = Block(kind, text, self._place(), level)
        before = self.blocks[-1] if self.blocks else None
        if kind == "code" and before is not None and before.kind == "code":
            self.blocks[-1] = replace(before, text=f"{before.text}\n{text}")
        else:
            self.blocks.append(block)
        self._add_links(paragraph, block)

    def _add_table(self, element: Any) -> None:
        text = table_text(element)
        if not text:
            return
        self._number += 1
        block = Block("table", text, self._place())
        self.blocks.append(block)
        for paragraph in element.iter(qn("w:p")):
            self._add_links(Paragraph(paragraph, self._opened), replace(block, text=text_of(paragraph)))

    def _add_links(self, paragraph: Paragraph, block: Block) -> None:
        """Hyperlinks, and addresses in the text that are not hyperlinks."""
        texts = ""
        for link in paragraph.hyperlinks:
            target = link.url or (f"#{link.fragment}" if link.fragment else "")
            texts += f"{link.text}\n"
            if target:
                self.links.append(Link(target, " ".join(link.text.split()), self._place()))
        self.links += [link for link in links_in(block) if link.text not in texts]

    def _fault(self, message: str, rule: str) -> None:
        place = Place(section=self._section, block=self._number + 1)
        self.faults.append(Fault(message, "warning", place, rule))

    def _place(self) -> Place:
        return Place(section=self._section, block=self._number)
