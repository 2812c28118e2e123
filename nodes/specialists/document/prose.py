"""What a specialist for English prose reads of a document: passages of sentences, and whether they are English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from langgraph_quorum.nodes.documents.model import PROSE, Block, Document, Place
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.sentences import Sentence, sentences

QUOTE_LENGTH = 300
"""Characters that a finding's text and quote may have."""

_TEXT_LANGUAGES = frozenset({"text", "plain", "plaintext", "txt"})
_LINE_END = re.compile(r"[.!?][\"')]*$")
_PLAIN = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_GAP = re.compile(r"[\s\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f]+")
"""White space, and the marks after which Chinese and Japanese put none."""
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]{2}")
_LONGEST_WORD = 80
"""Characters; what is longer is data (a key, an encoded image) and no word of a language."""
_WRAPPING = ".,:;!?\"'()[]{}<>*-\u00ab\u00bb\u2013\u2014\u2018\u2019\u201c\u201d\u201e\u2026"

_FREQUENT = """
the of and a to in is that it for was on are as with be by at from this have or an not which but has they you were their
if will when can been should must may would its there we these than so no any
"""
_FUNCTION_WORDS = frozenset(_FREQUENT.split())
_ENGLISH_SHARE = 0.2
"""Running English has 0.35 to 0.5 of these words, terse technical English 0.25; other languages stay under 0.12."""
_TELLING_WORDS = 15
"""Fewer words than these are too few to tell a language by."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The sentences of one section."""

    title: str
    place: Place
    sentences: tuple[Sentence, ...]

    @property
    def words(self) -> int:
        """Count of words in all sentences."""
        return sum(sentence.words for sentence in self.sentences)


def reads_as_prose(block: Block) -> bool:
    """Whether a block holds sentences: prose, or a literal block that its author calls text and that reads like it.

    PEP 20 sets the Zen of Python as a literal block of language `text`: most of its lines are sentences.
    """
    if block.kind in PROSE:
        return True
    if block.kind != "code" or block.language.casefold() not in _TEXT_LANGUAGES:
        return False
    lines = [line.strip() for line in block.text.splitlines() if line.strip()]
    ends = sum(1 for line in lines if _LINE_END.search(line) and len(plain_words(line)) > 1)
    return 2 * ends > len(lines)


def passages(document: Document) -> list[Passage]:
    """The sections that hold sentences, in reading order; a sentence is one with a word besides names of code."""
    found = []
    for section in document.sections():
        read = tuple(
            sentence
            for block in section.blocks
            if reads_as_prose(block)
            for sentence in sentences(block, document)
            if plain_words(sentence.text)
        )
        if read:
            found.append(Passage(section.title, section.place, read))
    return found


def plain_words(text: str) -> list[str]:
    """The words of a text that are words of a language: no identifiers, addresses, numbers or lone symbols."""
    stripped = (token.strip(_WRAPPING) for token in _GAP.split(text))
    short = (token for token in stripped if len(token) <= _LONGEST_WORD)
    return [token for token in short if _PLAIN.fullmatch(token) and not _CAMEL.search(token)]


def words_of(read: Sequence[Passage]) -> list[str]:
    """All plain words of the passages, in reading order."""
    return [word for passage in read for sentence in passage.sentences for word in plain_words(sentence.text)]


def english_share(read: Sequence[Passage]) -> float:
    """Share in 0..1 of the words that are among the most frequent function words of English."""
    words = [word.casefold() for word in words_of(read)]
    return sum(1 for word in words if word in _FUNCTION_WORDS) / len(words) if words else 0.0


def language_factor(share: float) -> float:
    """What a confidence is multiplied with: 1 for English, else `share` / 0.2, so that no English at all gives 0."""
    return round(min(1.0, share / _ENGLISH_SHARE), 3)


def language_caveat(share: float, read: Sequence[Passage], measure: str) -> list[Finding]:
    """One finding when the text does not look English, naming the measure that then does not hold.

    Args:
        share: As `english_share` gives it.
        read: The passages; too few words to tell give no finding.
        measure: What does not hold, for instance "Readability formulas".
    """
    if share >= _ENGLISH_SHARE or len(words_of(read)) < _TELLING_WORDS:
        return []
    first = read[0].sentences[0]
    return [
        {
            "kind": "not_english",
            "text": f"{measure} are made for English; only {share:.0%} of the words are common English function words.",
            "where": first.place,
            "quote": shortened(first.text),
            "value": round(share, 3),
            "unit": "share of words",
        }
    ]


def shortened(text: str) -> str:
    """The text's beginning, at most `QUOTE_LENGTH` characters, cut at a blank where there is one."""
    if len(text) <= QUOTE_LENGTH:
        return text
    return text[:QUOTE_LENGTH].rpartition(" ")[0] or text[:QUOTE_LENGTH]


def around(text: str, words: str) -> str:
    """A quote of the text that holds the given words, case aside: its beginning, or from shortly before them."""
    start = text.casefold().find(words.casefold())
    if start + len(words) <= QUOTE_LENGTH:
        return shortened(text)
    return shortened(text[text.rfind(" ", 0, start - QUOTE_LENGTH // 2) + 1 :])


def clipped(text: str, length: int = QUOTE_LENGTH) -> str:
    """A line of our own words that fits `length` characters, its cut end marked with an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def ratio(numerator: float, denominator: float) -> float:
    """A ratio in 0..1, 0 when there is nothing to divide by, rounded to three digits."""
    return round(numerator / denominator, 3) if denominator else 0.0
