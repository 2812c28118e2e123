"""Key phrases by C-value and keywords by TextRank."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log2

import numpy as np

from langgraph_quorum.nodes.specialists.document.prose import Passage
from langgraph_quorum.nodes.specialists.document.sentences import Sentence
from langgraph_quorum.nodes.specialists.document.terms import Grammar, phrases, tokens

_WINDOW = 3
"""Words apart that still count as together; Mihalcea & Tarau found 2 best and up to 10 useful."""
_DAMPING = 0.85
_ROUNDS = 40


@dataclass(slots=True)
class Phrase:
    """A term and where it stands. `surface` is its most frequent spelling."""

    lemma: str
    uses: int = 0
    score: float = 0.0
    spellings: Counter[str] = field(default_factory=Counter)
    sentences: list[Sentence] = field(default_factory=list)
    sections: set[int] = field(default_factory=set)

    @property
    def surface(self) -> str:
        """The most frequent spelling; of equals the one in lower case."""
        return max(self.spellings, key=lambda spelling: (self.spellings[spelling], spelling.islower(), spelling))

    @property
    def length(self) -> int:
        """Count of words."""
        return self.lemma.count(" ") + 1


def candidates(read: Sequence[Passage], grammar: Grammar) -> dict[str, Phrase]:
    """All candidate terms by their lemma, with the sentences they stand in."""
    found: dict[str, Phrase] = {}
    for number, passage in enumerate(read):
        for sentence in passage.sentences:
            for lemma, surface in phrases(sentence.text, grammar):
                phrase = found.setdefault(lemma, Phrase(lemma))
                phrase.uses += 1
                phrase.spellings[surface] += 1
                phrase.sections.add(number)
                if not phrase.sentences or phrase.sentences[-1] is not sentence:
                    phrase.sentences.append(sentence)
    return found


def c_value(found: dict[str, Phrase]) -> list[Phrase]:
    """Rank terms of two words and more that are used twice or more.

    C-value of Frantzi, Ananiadou & Mima (2000): log2(words) times (uses - mean uses of the longer terms that hold the
    term), so that a piece of a longer term ("asynchronous context") does not count for itself.
    """
    several = [phrase for phrase in found.values() if phrase.length > 1 and phrase.uses > 1]
    longer: dict[str, list[int]] = defaultdict(list)
    for phrase in several:
        words = phrase.lemma.split()
        parts = {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 2, len(words) + 1)}
        for part in parts - {phrase.lemma}:
            longer[part].append(phrase.uses)
    for phrase in several:
        nested = longer[phrase.lemma]
        phrase.score = log2(phrase.length) * (phrase.uses - (sum(nested) / len(nested) if nested else 0.0))
    ranked = sorted(several, key=lambda phrase: (-phrase.score, phrase.lemma))
    return [phrase for phrase in ranked if phrase.score > 0]


def text_rank(read: Sequence[Passage], grammar: Grammar) -> list[tuple[str, float]]:
    """Rank single words by TextRank (Mihalcea & Tarau 2004).

    PageRank with damping 0.85 over the graph of words that stand at most three words apart in a sentence; the scores
    add up to 1.
    """
    index: dict[str, int] = {}
    edges: Counter[tuple[int, int]] = Counter()
    for passage in read:
        for sentence in passage.sentences:
            row = [
                index.setdefault(grammar.lemma(word), len(index)) if grammar.is_head(word) else None
                for word in tokens(sentence.text)
            ]
            for place, one in enumerate(row):
                for other in row[place + 1 : place + _WINDOW]:
                    if one is not None and other is not None and one != other:
                        edges[one, other] += 1
    if not edges:
        return []
    scores = _page_rank(edges, len(index))
    return sorted(zip(index, scores, strict=True), key=lambda pair: (-pair[1], pair[0]))


def _page_rank(edges: Counter[tuple[int, int]], size: int) -> list[float]:
    """The stationary weights of an undirected weighted graph, by power iteration."""
    pairs = np.array(list(edges), dtype=np.int64)
    weights = np.array(list(edges.values()), dtype=float)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1]])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0]])
    both = np.concatenate([weights, weights])
    degree = np.bincount(columns, weights=both, minlength=size)
    share = both / degree[columns]
    rank = np.full(size, 1.0 / size)
    for _ in range(_ROUNDS):
        received = np.bincount(rows, weights=share * rank[columns], minlength=size)
        rank = (1 - _DAMPING) / size + _DAMPING * received
    return [float(value) for value in rank / rank.sum()]
