"""The lines of PDF pages as headings, paragraphs and list items: a PDF has no such units, so they are told by form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from langgraph_quorum.nodes.documents.model import Block, Place

_ITEM = re.compile(r"\s*(?:[•‣▪●◦○*\-–]|\(?(?:\d{1,3}|[a-z])[.)])\s+(?=\S)")  # noqa: RUF001 - bullets that PDFs use
_SENTENCE_END = re.compile(r"[.!?:;][\"'”’)\]]*$")  # noqa: RUF001 - quotation marks that PDFs use
_DIGITS = re.compile(r"\d+")
_SHORT = 0.75
"""A line this much shorter than the page's widest, and ending a sentence, ends its paragraph."""
_REPEATED_ON = 3
"""Pages on which the same first or last line makes it a page header or footer."""


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the PDF's outline."""

    title: str
    level: int
    page: int


def normalized(text: str) -> str:
    """Text to compare titles by: letters and digits only, since PDFs space and dash at will."""
    return "".join(character for character in text.casefold() if character.isalnum())


def without_running_lines(pages: Sequence[str]) -> list[list[str]]:
    """The lines of each page, without the headers, footers and page numbers that repeat from page to page."""
    split = [[line.rstrip() for line in page.splitlines() if line.strip()] for page in pages]
    first = Counter(_running(lines[0]) for lines in split if lines)
    last = Counter(_running(lines[-1]) for lines in split if lines)

    def repeats(line: str, counted: Counter[str]) -> bool:
        return counted[_running(line)] >= _REPEATED_ON

    tops = [bool(lines) and repeats(lines[0], first) for lines in split]
    ends = [len(lines) - (bool(lines) and repeats(lines[-1], last)) for lines in split]
    return [lines[top:end] for lines, top, end in zip(split, tops, ends, strict=True)]


def _running(line: str) -> str:
    return _DIGITS.sub("#", line.strip())


class PageReader:
    """Turns lines into `blocks`, page after page."""

    def __init__(self, outline: Mapping[int, Sequence[Heading]]) -> None:
        self.blocks: list[Block] = []
        self._outline = outline
        self._section = ""
        self._gathered: list[str] = []
        self._page = 1

    def read_page(self, number: int, lines: Sequence[str]) -> None:
        """Reads the lines of page `number`. A paragraph that the page before left unended goes on."""
        expected = list(self._outline.get(number, ()))
        width = max((len(line) for line in lines), default=0)
        if self._gathered and (not lines or not lines[0].lstrip()[:1].islower()):
            self.end_paragraph()
        at = 0
        while at < len(lines):
            found = next(_headings_at(lines, at, expected), None)
            if found is not None:
                heading, taken = found
                expected.remove(heading)
                self._add_heading(heading, number)
                at += taken
                continue
            self._add_line(lines[at], number, width, is_last=at + 1 == len(lines))
            at += 1

    def end_paragraph(self) -> None:
        """Ends the block being gathered."""
        if not self._gathered:
            return
        text = _joined(self._gathered)
        self._gathered = []
        item = _ITEM.match(text)
        place = Place(section=self._section, page=self._page)
        if item and item.end() < len(text):
            self.blocks.append(Block("list_item", text[item.end() :], place, 1))
        else:
            self.blocks.append(Block("paragraph", text, place))

    def _add_heading(self, heading: Heading, page: int) -> None:
        self.end_paragraph()
        self._section = heading.title
        self.blocks.append(Block("heading", heading.title, Place(section=heading.title, page=page), heading.level))

    def _add_line(self, line: str, page: int, width: int, *, is_last: bool) -> None:
        if _ITEM.match(line):
            self.end_paragraph()
        if not self._gathered:
            self._page = page
        self._gathered.append(line)
        ends_sentence = _SENTENCE_END.search(line) is not None
        if ends_sentence and (is_last or len(line) < width * _SHORT):
            self.end_paragraph()


def _headings_at(lines: Sequence[str], at: int, expected: Sequence[Heading]) -> Iterator[tuple[Heading, int]]:
    """Outline entries whose title is this line, or this one and the next, with or without a number before it."""
    one = normalized(lines[at])
    two = one + normalized(lines[at + 1]) if at + 1 < len(lines) else one
    for heading in expected:
        title = normalized(heading.title)
        if not title:
            continue
        for taken, text in ((1, one), (2, two)):
            if text == title or (text.endswith(title) and text[: -len(title)].isdigit()):
                yield heading, taken
                break


def _joined(lines: Sequence[str]) -> str:
    """One text; a word divided at a line's end is made whole."""
    text = ""
    for line in lines:
        part = " ".join(line.split())
        if text.endswith("-") and text[-2:-1].isalpha() and part[:1].islower():
            text = text[:-1] + part
        else:
            text = f"{text} {part}" if text else part
    return text
