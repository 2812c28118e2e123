"""The sentences of a block, each with the lines of the source on which it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from syntok import segmenter

from langgraph_quorum.nodes.documents.model import Block, Document, Place

_WORD = re.compile(r"\w+")
_GOES_ON = re.compile(r"(?:;|\b(?:e\.g|i\.e|a\.k\.a|cf|vs|resp|approx)\.)[\"')\]]*$", re.IGNORECASE)
_ENDS = re.compile(r"(?:[.!?…]|:-?\))[\"'’”)\]]*$")  # noqa: RUF001 (the typographic closing quote)
_BRACKET_ENDS = re.compile(r"[.!?]\)\s+(?=[A-Z])")
_LOOK_AHEAD = 24
"""Words of markup (a link's target, a role's name) that may stand in the source between two words of the text."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. `text` has its white space folded to single blanks, and so occurs in the folded block."""

    text: str
    place: Place

    @property
    def words(self) -> int:
        """Count of words: runs of characters without blanks that hold at least one letter or digit."""
        return sum(1 for word in self.text.split() if _WORD.search(word))


def sentences(block: Block, document: Document) -> list[Sentence]:
    """Cut a block of prose into sentences.

    A semicolon never ends a sentence here, nor does an abbreviation such as "e.g." or a dot inside a name, whatever
    letter follows.
    The segmentation of a text is remembered (the last 4096 texts), so that several specialists share its cost.

    Args:
        block: A block of any kind; code and tables give sentences of little sense.
        document: Where the block comes from: its `raw_lines` refine the place to the sentence's own lines.

    Returns:
        The sentences in reading order; none when the block has no letter or digit.
    """
    texts = split(block.text)
    if len(texts) <= 1:
        return [Sentence(text, block.place) for text in texts]
    return [Sentence(text, place) for text, place in zip(texts, _places(texts, block, document), strict=True)]


@lru_cache(maxsize=4096)
def split(text: str) -> tuple[str, ...]:
    """The sentences of a plain text as strings, white space folded."""
    folded = " ".join(text.split())
    bounds: list[tuple[int, int]] = []
    for paragraph in segmenter.analyze(folded):
        for tokens in paragraph:
            start, end = tokens[0].offset, tokens[-1].offset + len(tokens[-1].value)
            if bounds and (bounds[-1][1] == start or _joins(folded[slice(*bounds[-1])], folded[start:end])):
                bounds[-1] = (bounds[-1][0], end)
            else:
                bounds.append((start, end))
    pieces = (piece for start, end in bounds for piece in _BRACKET_ENDS.sub(_cut, folded[start:end]).split("\n"))
    return tuple(piece for piece in pieces if _WORD.search(piece))


def _cut(bracket_end: re.Match[str]) -> str:
    """Mark the end of a sentence that a bracket closes; folded text has no other line breaks."""
    return f"{bracket_end.group().rstrip()}\n"


def _joins(before: str, after: str) -> bool:
    """Whether a cut is to be undone: nothing ended there, an abbreviation did, or one side has no words."""
    if not _ENDS.search(before) or _GOES_ON.search(before):
        return True
    return not _WORD.search(before) or not _WORD.search(after)


def _places(texts: tuple[str, ...], block: Block, document: Document) -> list[Place]:
    """The place of each sentence, by walking the words of the text along the words of the source's lines."""
    first = block.place.get("line")
    if first is None or not document.raw_lines:
        return [block.place] * len(texts)
    last = block.place.get("end_line", first)
    source = [
        (word.casefold(), number)
        for number in range(first, min(last, len(document.raw_lines)) + 1)
        for word in _WORD.findall(document.raw_lines[number - 1])
    ]
    places: list[Place] = []
    position = 0
    for text in texts:
        lines: list[int] = []
        for word in _WORD.findall(text.casefold()):
            found = _find(word, source, position)
            if found is not None:
                position = found + 1
                lines.append(source[found][1])
        places.append(_refined(block.place, lines))
    return places


def _find(word: str, source: list[tuple[str, int]], start: int) -> int | None:
    """Index of the next occurrence of a word at or after `start`, at most `_LOOK_AHEAD` words on."""
    for index in range(start, min(start + _LOOK_AHEAD, len(source))):
        if source[index][0] == word:
            return index
    return None


def _refined(place: Place, lines: list[int]) -> Place:
    """A copy of a block's place narrowed to the lines where the words of a sentence were found."""
    if not lines:
        return place
    narrowed = place.copy()
    narrowed["line"], narrowed["end_line"] = lines[0], lines[-1]
    return narrowed
