"""Acronyms, and what they stand for where the document says so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from langgraph_quorum.nodes.documents.model import Place
from langgraph_quorum.nodes.specialists.document.prose import Passage

_ACRONYM = re.compile(r"(?<![\w./@-])([A-Z][A-Z0-9]*[A-Z])s?(?![\w./@-])")
_LONG_FIRST = re.compile(r"((?:[\w-]+\s+){1,6})\(([A-Z][A-Z0-9]*[A-Z])s?\)")
_SHORT_FIRST = re.compile(r"\b([A-Z][A-Z0-9]*[A-Z])s?\s+\(((?:[\w-]+\s+){1,6}[\w-]+)\)")
_FEW = 2


def expansions(read: Sequence[Passage], small: frozenset[str]) -> list[tuple[str, str, list[tuple[Place, str]]]]:
    """The acronyms that are expanded, and those used more than twice.

    Args:
        read: The passages of the document.
        small: Words that the document writes small: "NOT" is then emphasis and no acronym.

    Returns:
        Acronym, expansion ("" when there is none), and its mentions with the sentence that expands it first.
    """
    mentions: dict[str, list[tuple[Place, str]]] = defaultdict(list)
    long: dict[str, tuple[str, tuple[Place, str]]] = {}
    for passage in read:
        for sentence in passage.sentences:
            at = (sentence.place, sentence.text)
            for match in _ACRONYM.finditer(sentence.text):
                if match.group(1).casefold() not in small:
                    mentions[match.group(1)].append(at)
            for acronym, words in _pairs(sentence.text):
                expansion = _matching(acronym, words)
                if expansion:
                    long.setdefault(acronym, (expansion, at))
    found = []
    for acronym, places in mentions.items():
        if acronym in long:
            expansion, first = long[acronym]
            found.append((acronym, expansion, [first, *(at for at in places if at is not first)]))
        elif len(places) > _FEW:
            found.append((acronym, "", places))
    return found


def _pairs(text: str) -> list[tuple[str, list[str]]]:
    """Acronyms next to words in or before brackets."""
    before = [(match.group(2), match.group(1).split()) for match in _LONG_FIRST.finditer(text)]
    return before + [(match.group(1), match.group(2).split()) for match in _SHORT_FIRST.finditer(text)]


def _matching(acronym: str, words: list[str]) -> str:
    """The last words whose initials are the acronym's letters, else ""."""
    size = len(acronym)
    tail = words[-size:]
    initials = "".join(word[0] for word in tail)
    return " ".join(tail) if initials.casefold() == acronym.casefold() else ""
