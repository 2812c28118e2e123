"""Quotes that a reader finds again: cut from the text of the block at the place a finding names."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph_quorum.nodes.documents.model import Block, Document, Place
from langgraph_quorum.nodes.specialists.document.prose import QUOTE_LENGTH, clipped, shortened


def folded(text: str) -> str:
    """The text with every run of white space made one blank, none at its ends."""
    return " ".join(text.split())


def one_line(text: str, length: int = QUOTE_LENGTH) -> str:
    """Our own words about a document as one line of at most `length` characters, its cut end marked."""
    return clipped(folded(text), length)


def block_at(document: Document, place: Place) -> Block | None:
    """The block on whose lines a place begins; by page or block number, the first one there."""
    line = place.get("line")
    for block in document.blocks:
        first = block.place.get("line")
        if line is not None and first is not None:
            if first <= line <= block.place.get("end_line", first):
                return block
        elif line is None and block.place == place:
            return block
    return None


def standing_at(document: Document, place: Place, words: str) -> str:
    """The words as a quote when the block at the place holds them, else ""."""
    block = block_at(document, place)
    wanted = folded(words)
    return shortened(wanted) if block and wanted and wanted in folded(block.text) else ""


def opening(block: Block) -> str:
    """The first line of a block that has something on it, as a quote."""
    return shortened(next((line.strip() for line in block.text.splitlines() if line.strip()), ""))


def lines_in_words(lines: Sequence[int], most: int = 6) -> str:
    """`line 3`, `lines 3, 8 and 9`, or `lines 3, 8, 9 and 40 more`."""
    if not lines:
        return "no line"
    if len(lines) == 1:
        return f"line {lines[0]}"
    named = [str(line) for line in lines[:most]]
    if len(lines) > most:
        return f"lines {', '.join(named)} and {len(lines) - most} more"
    return f"lines {', '.join(named[:-1])} and {named[-1]}"


def on_its_line(document: Document, block: Block, words: str) -> Place:
    """The place of a block narrowed to the source line on which the words begin, where that can be told."""
    place = block.place.copy()
    first = place.get("line")
    start = words.split()[:1]
    if first is None or not start:
        return place
    for number in range(first, min(place.get("end_line", first), len(document.raw_lines)) + 1):
        line = document.raw_lines[number - 1]
        if words in line or (start[0] in line and folded(words).startswith(folded(line[line.index(start[0]) :]))):
            place["line"] = number
            return place
    return place
