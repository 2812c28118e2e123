"""The outline of a document: its headings, their levels, and how the text is spread over the sections."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from langgraph_quorum.nodes.documents.model import Block, Document
from langgraph_quorum.nodes.specialists.document.prose import shortened
from langgraph_quorum.nodes.specialists.document.quoting import one_line
from langgraph_quorum.nodes.specialists.document.report import Finding

_DOMINANT_SHARE = 0.5
_SECTIONS_TO_COMPARE = 4


@dataclass(frozen=True, slots=True)
class Branch:
    """A heading of the outermost level in use, with everything under it."""

    heading: Block
    words: int
    """Words of all blocks below it, code included."""


def outline_findings(document: Document) -> list[Finding]:
    """What a reader sees from the table of contents: its shape, skipped levels, one section that holds most."""
    headings = list(document.of_kind("heading"))
    if not headings:
        return []
    return [*skipped_levels(headings), *dominant_section(document), _shape(document, headings)]


def depth(document: Document) -> int:
    """Count of heading levels in use."""
    return len({heading.level for heading in document.of_kind("heading")})


def skipped_levels(headings: list[Block]) -> list[Finding]:
    """A heading two or more levels deeper than the one before it, where no title stands between."""
    found: list[Finding] = []
    for before, heading in pairwise(headings):
        if heading.level > before.level + 1:
            found.append(
                {
                    "kind": "skipped_heading_level",
                    "text": one_line(
                        f"“{heading.text}” is a heading of level {heading.level} directly under one of level "
                        f"{before.level}, “{before.text}”."
                    ),
                    "where": heading.place,
                    "quote": shortened(heading.text),
                    "severity": "warning",
                    "data": {"level": heading.level, "parent_level": before.level},
                }
            )
    return found


def major_level(document: Document) -> int | None:
    """The outermost level with more than one heading: a lone title on top of everything is no section."""
    counts = Counter(heading.level for heading in document.of_kind("heading"))
    return next((level for level in sorted(counts) if counts[level] > 1), None)


def branches(document: Document) -> list[Branch]:
    """The outermost headings with their sizes; a single title on top of everything counts as no branch."""
    top = major_level(document)
    found: list[tuple[Block, int]] = []
    for block in document.blocks:
        if block.kind == "heading" and top is not None and block.level <= top:
            found.append((block, 0))
        elif found and block.kind != "heading":
            found[-1] = (found[-1][0], found[-1][1] + len(block.text.split()))
    return [Branch(heading, words) for heading, words in found]


def dominant_section(document: Document) -> list[Finding]:
    """One outermost section that holds half of the words or more, among at least four with text."""
    sizes = [branch for branch in branches(document) if branch.words]
    total = sum(branch.words for branch in sizes)
    if len(sizes) < _SECTIONS_TO_COMPARE:
        return []
    largest = max(sizes, key=lambda branch: branch.words)
    share = largest.words / total
    if share < _DOMINANT_SHARE:
        return []
    return [
        {
            "kind": "lopsided_section",
            "text": one_line(
                f"“{largest.heading.text}” holds {share:.0%} of the words of {len(sizes)} sections of its level."
            ),
            "where": largest.heading.place,
            "quote": shortened(largest.heading.text),
            "severity": "info",
            "value": round(share, 3),
            "unit": "share of words",
        }
    ]


def bare_headings(document: Document) -> list[Block]:
    """Headings with nothing under them, neither a block nor a deeper heading."""
    bare = []
    following: tuple[Block | None, ...] = (*document.blocks[1:], None)
    for block, after in zip(document.blocks, following, strict=False):
        ends = after is None or (after.kind == "heading" and after.level <= block.level)
        if block.kind == "heading" and ends:
            bare.append(block)
    return bare


def _shape(document: Document, headings: list[Block]) -> Finding:
    """The outline as one fact, its titles and the bare headings as data."""
    tops = branches(document)
    levels = depth(document)
    bare = [heading.text for heading in bare_headings(document)]
    named = ", ".join(branch.heading.text for branch in tops) or headings[0].text
    return {
        "kind": "outline",
        "text": one_line(
            f"{len(headings)} heading{'s'[: len(headings) > 1]} in {levels} level{'s'[: levels > 1]}"
            f"{f', {len(bare)} with nothing below' if bare else ''}: {named}."
        ),
        "where": headings[0].place,
        "quote": shortened(headings[0].text),
        "value": float(len(headings)),
        "unit": "headings",
        "data": {
            "levels": levels,
            "sections": [{"title": branch.heading.text, "words": branch.words} for branch in tops],
            "bare": bare,
        },
    }
