"""Markdown: CommonMark with tables and front matter, checked by pymarkdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from pathlib import PurePath

from markdown_it import MarkdownIt
from markdown_it.token import Token

from langgraph_quorum.nodes.documents.bare_links import find_addresses
from langgraph_quorum.nodes.documents.front_matter import front_matter_title, take_front_matter
from langgraph_quorum.nodes.documents.html import HtmlCollector
from langgraph_quorum.nodes.documents.lines import split_lines
from langgraph_quorum.nodes.documents.markdown_lint import lint
from langgraph_quorum.nodes.documents.model import Block, BlockKind, Document, Link, Place

_ANCHOR = re.compile(r"""<a\s[^>]*?href=(["'])(.*?)\1""", re.IGNORECASE)

DEEPEST = 60
"""Blocks within each other; a list counts for two, itself and its item."""


def read_markdown(source: str, text: str) -> Document:
    """Reads `text`; `source` is the name the document is known by.

    Raises:
        RecursionError: Its blocks are nested deeper than `DEEPEST`, beyond which the parser drops text.
    """
    raw_lines = split_lines(text)
    lines, front_matter = take_front_matter(raw_lines)
    collector = _MarkdownCollector(front_matter)
    tokens = _parser().parse("\n".join(lines))
    if any(token.level >= DEEPEST - 1 for token in tokens):
        raise RecursionError("Markdown blocks are nested too deeply")
    collector.collect(tokens)
    headings = [block for block in collector.blocks if block.kind == "heading"]
    title = front_matter_title(front_matter) or (headings[0].text if headings else "")
    return Document(
        source=source,
        format="markdown",
        title=title or PurePath(source).name,
        blocks=tuple(collector.blocks),
        links=tuple(collector.links),
        faults=tuple(lint(text, raw_lines, _starts(tokens), headings)),
        raw_lines=raw_lines,
    )


class _Parser(MarkdownIt):
    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the parser's own name
        """Targets stay as the author wrote them."""
        return url


def _parser() -> MarkdownIt:
    return _Parser("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])


def _starts(tokens: Sequence[Token]) -> list[int]:
    """Lines, from 0, on which a block stands that is not part of another."""
    return [token.map[0] for token in tokens if token.level == 0 and token.map and token.nesting >= 0]


class _MarkdownCollector:
    """Goes through the parser's tokens and collects `blocks` and `links`."""

    def __init__(self, front_matter: Sequence[Block]) -> None:
        self.blocks: list[Block] = list(front_matter)
        self.links: list[Link] = []
        self._section = ""
        self._containers: list[str] = []
        self._heading_level = 0
        self._rows: list[list[str]] | None = None
        self._table_span = (0, 0)

    def collect(self, tokens: Sequence[Token]) -> None:
        """Collects everything."""
        for token in tokens:
            self._visit(token)

    def _visit(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open" | "blockquote_open":
                self._containers.append(token.type)
            case "bullet_list_close" | "ordered_list_close" | "blockquote_close":
                self._containers.pop()
            case "heading_open" | "heading_close":
                self._heading_level = int(token.tag[1:]) if token.nesting > 0 else 0
            case "table_open" | "tr_open" | "table_close":
                self._visit_table(token)
            case "inline":
                self._add_inline(token)
            case "fence" | "code_block":
                self._add_code(token)
            case "html_block":
                self._add_html(token)

    def _visit_table(self, token: Token) -> None:
        if token.type == "table_open":
            self._rows, self._table_span = [], _span(token)
        elif self._rows is not None and token.type == "tr_open":
            self._rows.append([])
        elif self._rows is not None:
            text = "\n".join(" | ".join(row) for row in self._rows)
            self._rows = None
            self._add("table", text, self._table_span)

    def _add_inline(self, token: Token) -> None:
        line, end_line = _span(token)
        text = _plain(token.children or [])
        if self._rows is not None:
            self._rows[-1].append(" ".join(text.split()))
        elif text:
            kind, level = self._kind()
            if kind == "heading":
                text = self._section = " ".join(text.split())
            self._add(kind, text, (line, end_line), level)
        self._add_links(token.children or [], line)

    def _kind(self) -> tuple[BlockKind, int]:
        if self._heading_level:
            return "heading", self._heading_level
        if self._containers and self._containers[-1] == "blockquote_open":
            return "quote", 0
        if self._containers:
            return "list_item", sum(container != "blockquote_open" for container in self._containers)
        return "paragraph", 0

    def _add_code(self, token: Token) -> None:
        if token.content.strip():
            words = token.info.split()
            language = words[0].strip("{}.") if words else ""
            self._add("code", token.content.rstrip("\n"), _span(token), language=language)

    def _add_html(self, token: Token) -> None:
        html = HtmlCollector(_span(token)[0], self._section)
        html.feed(token.content)
        html.close()
        self.blocks += html.blocks
        self.links += html.links
        self._section = html.section

    def _add(self, kind: BlockKind, text: str, span: tuple[int, int], level: int = 0, language: str = "") -> None:
        place = Place(section=self._section, line=span[0], end_line=span[1])
        self.blocks.append(Block(kind, text, place, level, language))

    def _add_links(self, children: Sequence[Token], line: int) -> None:
        """Links with markup, and addresses that stand in the text as they are."""
        opened: tuple[str, int, int] | None = None
        for at, child in enumerate(children):
            if child.type in {"softbreak", "hardbreak"}:
                line += 1
            elif (href := _opened_target(child)) is not None:
                opened = (href, line, at)
            elif opened and (child.type == "link_close" or child.content == "</a>"):
                target, start, first = opened
                opened = None
                text = " ".join(_plain(children[first:at], images=True).split())
                self.links.append(Link(target, text, Place(section=self._section, line=start)))
            elif child.type == "text" and opened is None:
                for _, target, text in find_addresses(child.content):
                    self.links.append(Link(target, text, Place(section=self._section, line=line)))


def _span(token: Token) -> tuple[int, int]:
    first, behind = token.map or [0, 1]
    return first + 1, max(behind, first + 1)


def _opened_target(token: Token) -> str | None:
    """What a link leads to if one begins here, with Markdown's or HTML's markup."""
    if token.type == "link_open":
        return str(token.attrGet("href") or "")
    found = _ANCHOR.match(token.content) if token.type == "html_inline" else None
    return unescape(found[2]) if found else None


def _plain(children: Sequence[Token], *, images: bool = False) -> str:
    """The text without markup; that of images only where it stands for a link."""
    parts: list[str] = []
    for child in children:
        if child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif child.type in {"text", "code_inline"} or (images and child.type == "image"):
            parts.append(child.content)
    return "".join(parts).strip()
