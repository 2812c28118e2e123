"""Plain text: paragraphs parted by blank lines, headings where a line is underlined, lists where lines bear markers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from langgraph_quorum.nodes.documents.bare_links import links_in
from langgraph_quorum.nodes.documents.lines import split_lines
from langgraph_quorum.nodes.documents.model import Block, BlockKind, Document, Place

_UNDERLINE = re.compile(r"([=~^\-*#_+])\1{2,}$")
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-*+•‣–]|\(?(?:\d{1,3}[.)]|[a-z][.)]|[A-Z]\)))[ \t]+(?=\S)")  # noqa: RUF001 - dashes lists use
_QUOTED = re.compile(r"[ \t]*(?:> ?)+")
_SPACE_PER_LEVEL = 2


def read_plain(source: str, text: str) -> Document:
    """Reads `text`; `source` is the name the document is known by."""
    lines = split_lines(text)
    blocks = tuple(_blocks(lines))
    title = next((block.text for block in blocks if block.kind == "heading"), "")
    return Document(
        source=source,
        format="text",
        title=title or PurePath(source).name,
        blocks=blocks,
        links=tuple(link for block in blocks for link in links_in(block)),
        raw_lines=lines,
    )


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    section = ""
    levels: list[str] = []
    for start, chunk in _chunks(lines):
        if heading := _heading(chunk):
            text, mark = heading
            if mark not in levels:
                levels.append(mark)
            section = text
            place = Place(section=section, line=start, end_line=start)
            yield Block("heading", text, place, levels.index(mark) + 1)
        else:
            yield from _prose(chunk, start, section)


def _chunks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines without a blank one, with the number of their first line; a heading is a run of its own."""
    chunk: list[str] = []
    start = 1
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            if not chunk:
                start = number
            chunk.append(line)
            if len(chunk) == 2 and _heading(chunk):  # noqa: PLR2004 - a title and its underline
                yield start, chunk
                chunk = []
        elif chunk:
            yield start, chunk
            chunk = []


def _heading(chunk: Sequence[str]) -> tuple[str, str] | None:
    """Title and underlining character. The line must be about as long as the title: dashes also rule tables off."""
    if len(chunk) != 2:  # noqa: PLR2004 - a title and its underline
        return None
    title, rule = chunk[0].strip(), chunk[1].strip()
    if not _UNDERLINE.match(rule) or _UNDERLINE.match(title) or abs(len(rule) - len(title)) > max(4, len(title) // 4):
        return None
    return title, rule[0]


def _prose(chunk: Sequence[str], start: int, section: str) -> Iterator[Block]:
    """A list's items are blocks of their own, else all between blank or ruled lines is one block."""
    pieces: list[tuple[int, list[str]]] = []
    texts = [(at, line) for at, line in enumerate(chunk) if not _UNDERLINE.match(line.strip())]
    is_list = bool(texts) and _ITEM.match(texts[0][1]) is not None
    for offset, line in texts:
        follows = bool(pieces) and start + offset == pieces[-1][0] + len(pieces[-1][1])
        if not follows or (is_list and _ITEM.match(line)):
            pieces.append((start + offset, []))
        pieces[-1][1].append(line)
    for first, piece in pieces:
        kind, level, text = _read_piece(piece)
        yield Block(kind, text, Place(section=section, line=first, end_line=first + len(piece) - 1), level)


def _read_piece(piece: Sequence[str]) -> tuple[BlockKind, int, str]:
    if item := _ITEM.match(piece[0]):
        level = len(item["indent"].expandtabs(4)) // _SPACE_PER_LEVEL + 1
        return "list_item", level, "\n".join([piece[0][item.end() :].strip(), *(line.strip() for line in piece[1:])])
    if all(_QUOTED.match(line) for line in piece):
        return "quote", 0, "\n".join(_QUOTED.sub("", line, count=1).strip() for line in piece)
    return "paragraph", 0, "\n".join(line.strip() for line in piece)
