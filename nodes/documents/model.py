"""What a document is to a specialist: blocks in reading order, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NotRequired

from typing_extensions import TypedDict

BlockKind = Literal["heading", "paragraph", "list_item", "quote", "code", "table", "metadata"]
"""`metadata` is front matter (an RFC 2822 header, YAML, docinfo); `quote` is quoted prose."""

Severity = Literal["info", "warning", "error"]

PROSE: frozenset[BlockKind] = frozenset({"paragraph", "list_item", "quote"})
"""The kinds of block that hold sentences to be read."""


class Place(TypedDict):
    """Where something stands. `line` counts from 1 in the source file; formats without lines give `page` or `block`."""

    section: str
    """Title of the innermost section, "" before the first heading."""
    line: NotRequired[int]
    end_line: NotRequired[int]
    """Last line, inclusive."""
    page: NotRequired[int]
    """Page of a PDF, from 1."""
    block: NotRequired[int]
    """Paragraph number of a DOCX, from 1."""


@dataclass(frozen=True, slots=True)
class Block:
    """One unit of a document. `text` is plain: inline markup is resolved, except in code."""

    kind: BlockKind
    text: str
    place: Place
    level: int = 0
    """Of a heading: 1 is the outermost. Of a list item: its nesting, from 1."""
    language: str = ""
    """Of a code block, as the author named it; "" when not named."""


@dataclass(frozen=True, slots=True)
class Link:
    """A reference that a reader can follow: a URL, a relative path, an in-document anchor or a role's target."""

    target: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Fault:
    """A formatting fault that the format's own parser or linter reported."""

    message: str
    severity: Severity
    place: Place
    rule: str = ""
    """The tool's own name for the rule, for instance `docutils` or `MD001`."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the blocks up to the next heading of any level. The first section may lack a heading."""

    title: str
    level: int
    place: Place
    blocks: tuple[Block, ...]

    @property
    def prose(self) -> str:
        """The sentences of the section, paragraphs parted by blank lines."""
        return "\n\n".join(block.text for block in self.blocks if block.kind in PROSE)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read. `source` is what the user named; `sha256` is of the bytes as read."""

    source: str
    format: str
    """`rst`, `markdown`, `text`, `html`, `pdf` or `docx`."""
    title: str
    blocks: tuple[Block, ...]
    links: tuple[Link, ...] = ()
    faults: tuple[Fault, ...] = ()
    size_bytes: int = 0
    sha256: str = ""
    raw_lines: tuple[str, ...] = field(default=(), repr=False)
    """The source's lines where the format has them (rst, markdown, text, html), else ()."""

    def of_kind(self, *kinds: BlockKind) -> Iterator[Block]:
        """The blocks of these kinds, in reading order."""
        return (block for block in self.blocks if block.kind in kinds)

    @property
    def prose(self) -> tuple[Block, ...]:
        """Paragraphs, list items and quotes, in reading order."""
        return tuple(block for block in self.blocks if block.kind in PROSE)

    def sections(self) -> tuple[Section, ...]:
        """The document cut at every heading; what stands before the first heading is a section titled ""."""
        found: list[Section] = []
        head: Block | None = None
        body: list[Block] = []

        def close() -> None:
            if head is None and not body:
                return
            place = head.place if head else body[0].place
            found.append(Section(head.text if head else "", head.level if head else 0, place, tuple(body)))

        for block in self.blocks:
            if block.kind == "heading":
                close()
                head, body = block, []
            else:
                body.append(block)
        close()
        return tuple(found)
