"""HTML, read with the standard library's event parser: it alone tells on which line a piece of text begins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import PurePath

from langgraph_quorum.nodes.documents.heading_order import skipped_levels
from langgraph_quorum.nodes.documents.html_checks import HtmlChecks
from langgraph_quorum.nodes.documents.html_elements import (
    BLOCKS,
    CELLS,
    HEADINGS,
    ITEMS,
    LISTS,
    UNREAD,
    Opened,
    OpenElements,
)
from langgraph_quorum.nodes.documents.lines import split_lines
from langgraph_quorum.nodes.documents.model import Block, BlockKind, Document, Fault, Link, Place
from langgraph_quorum.state.errors import DocumentError

_FRONT_MATTER = frozenset(("author", "date", "description", "keywords"))
_LANGUAGE = re.compile(r"(?:^|\s)(?:lang(?:uage)?|highlight(?:-source)?)-([\w+#]+)")
_BLANKS = re.compile(r"[^\S\n]+")
MOST_NEVER_CLOSED = 1000
_BLANK_LINES = re.compile(r" ?\n[ \n]*")


def read_html(source: str, text: str) -> Document:
    """Reads `text`; `source` is the name the document is known by.

    Raises:
        DocumentError: Its markup is broken in a way that the parser takes quadratic time over.
    """
    if _never_closed(text) > MOST_NEVER_CLOSED:
        problem = "thousands of tags or comments are never closed: mend it, or name it .txt to read it as plain text"
        raise DocumentError(source, problem)
    lines = split_lines(text)
    collector = HtmlCollector()
    collector.feed("\n".join(lines))
    collector.close()
    heading = next((block.text for block in collector.blocks if block.kind == "heading"), "")
    faults = [*collector.checks.faults, *skipped_levels(collector.blocks)]
    return Document(
        source=source,
        format="html",
        title=collector.title or heading or PurePath(source).name,
        blocks=tuple(collector.blocks),
        links=tuple(collector.links),
        faults=tuple(sorted(faults, key=_line)),
        raw_lines=lines,
    )


def _never_closed(text: str) -> int:
    """Tags and comments that are still open where the document ends, roughly."""
    return text.count("<", text.rfind(">") + 1) + max(0, text.count("<!--") - text.count("-->"))


def _line(fault: Fault) -> int:
    return fault.place.get("line", 0)


class HtmlCollector(HTMLParser):
    """Collects `blocks`, `links` and the document's `title`; `section` is the one it is in, `checks` notes the faults.

    Args:
        first_line: Line of the file on which the text fed begins.
        section: Title of the section it stands in.
    """

    def __init__(self, first_line: int = 1, section: str = "") -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.links: list[Link] = []
        self.title = ""
        self.checks = HtmlChecks()
        self._lines_before = first_line - 1
        self.section = section
        self._open = OpenElements()
        self._text = ""
        self._text_lines = (first_line, first_line)
        self._language = ""
        self._link: tuple[str, int] | None = None
        self._link_text = ""
        self._rows: list[list[str]] = []
        self._table_line = first_line

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Called by the parser at `<tag>`."""
        attributes = dict(attrs)
        self._divide(tag)
        self.checks.unclosed(self._open.start(Opened(tag, self._at(), self.section)))
        self.checks.start(tag, attributes, self._place())
        if tag == "meta":
            self._add_front_matter(attributes)
        elif not self._is_unread():
            self._start_read(tag, attributes)

    def _start_read(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag == "a" and "href" in attributes:
            self._link = (attributes["href"] or "", self._at())
            self._link_text = attributes.get("aria-label") or attributes.get("title") or ""
        elif tag == "br" and self._text:
            self._text += "\n"
        elif tag == "img":
            self._link_text += attributes.get("alt") or ""
        elif tag == "table" and not self._rows:
            self._table_line = self._at()
        elif tag == "tr" and self._open.inwards_out().count("table") == 1:
            self._rows.append([])
        elif tag in CELLS and self._rows and self._open.inwards_out().count("table") == 1:
            self._rows[-1].append("")
        if tag in {"pre", "code", "div"} and (named := _LANGUAGE.search(attributes.get("class") or "")):
            self._language = named[1]

    def handle_endtag(self, tag: str) -> None:
        """Called by the parser at `</tag>`."""
        if tag in HEADINGS and tag in self._open and not self._text.strip() and not self._is_unread():
            self.checks.empty_heading(tag, self._place())
        self._divide(tag)
        if tag == "a" and self._link is not None:
            self._add_link(*self._link)
        unclosed = self._open.end(tag)
        if unclosed is None:
            self.checks.stray_end(tag, self._place())
            return
        self.checks.unclosed(unclosed)
        if tag == "table" and "table" not in self._open:
            self._add_table()

    def handle_data(self, data: str) -> None:
        """Called by the parser with each piece of text."""
        if self._is_unread():
            return
        if self._link is not None:
            self._link_text += data
        at = self._at()
        if not self._text.strip():
            stripped = data.lstrip()
            self._text = ""
            blank = data[: len(data) - len(stripped)]
            data = blank.rpartition("\n")[2] + stripped if "pre" in self._open else stripped
            at += blank.count("\n")
            self._text_lines = (at, at)
        self._text += data
        if data.strip():
            self._text_lines = (self._text_lines[0], at + data.rstrip().count("\n"))

    def close(self) -> None:
        """Ends the document, and with it all that is still open."""
        super().close()
        self._flush()
        if self._link is not None:
            self._add_link(*self._link)
        self.checks.unclosed(self._open.finish())
        self._add_table()

    def _is_unread(self) -> bool:
        tags = self._open.inwards_out()
        return not UNREAD.isdisjoint(tags) and tags[:2] != ["title", "head"]

    def _divide(self, tag: str) -> None:
        if self._open.divides(tag):
            self._flush()
        elif tag in BLOCKS and self._text:
            self._text += " "

    def _flush(self) -> None:
        """Ends the text gathered so far: it is the title, part of a cell, or a block."""
        raw, self._text = self._text, ""
        tags = self._open.inwards_out()
        text = raw.rstrip() if "pre" in tags else _BLANK_LINES.sub("\n", _BLANKS.sub(" ", raw)).strip()
        if not text.strip():
            return
        if tags[:1] == ["title"]:
            self.title = self.title or " ".join(text.split())
        elif self._rows and self._rows[-1] and not CELLS.isdisjoint(tags):
            self._rows[-1][-1] = f"{self._rows[-1][-1]} {' '.join(text.split())}".strip()
        else:
            self._add_block(text, tags)

    def _add_block(self, text: str, tags: Sequence[str]) -> None:
        kind, level = _kind(tags)
        if kind == "heading":
            text = self.section = " ".join(text.split())
        language, self._language = (self._language, "") if kind == "code" else ("", "")
        place = Place(section=self.section, line=self._text_lines[0], end_line=self._text_lines[1])
        self.blocks.append(Block(kind, text, place, level, language))

    def _add_table(self) -> None:
        text = "\n".join(" | ".join(row) for row in self._rows if any(row))
        self._rows = []
        if text:
            place = Place(section=self.section, line=self._table_line, end_line=self._at())
            self.blocks.append(Block("table", text, place))

    def _add_link(self, target: str, line: int) -> None:
        self._link = None
        place = Place(section=self.section, line=line)
        text = " ".join(self._link_text.split())
        self.checks.link(target, text, place)
        if target.strip():
            self.links.append(Link(target.strip(), text, place))

    def _add_front_matter(self, attributes: Mapping[str, str | None]) -> None:
        name, content = (attributes.get("name") or "").lower(), (attributes.get("content") or "").strip()
        if name in _FRONT_MATTER and content:
            place = Place(section="", line=self._at(), end_line=self._at())
            self.blocks.append(Block("metadata", f"{name}: {content}", place))

    def _at(self) -> int:
        return self._lines_before + self.getpos()[0]

    def _place(self) -> Place:
        return Place(section=self.section, line=self._at())


def _kind(tags: Sequence[str]) -> tuple[BlockKind, int]:
    """Kind and level of a text within these elements, the innermost first."""
    for tag in tags:
        if tag == "pre":
            return "code", 0
        if tag in HEADINGS:
            return "heading", HEADINGS[tag]
        if tag in ITEMS:
            return "list_item", max(sum(outer in LISTS for outer in tags), 1)
        if tag == "blockquote":
            return "quote", 0
    return "paragraph", 0
