"""What each section is about, against the other sections: its terms of highest TF-IDF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.feature_extraction.text import TfidfVectorizer

from langgraph_quorum.nodes.specialists.document.prose import Passage
from langgraph_quorum.nodes.specialists.document.sentences import Sentence
from langgraph_quorum.nodes.specialists.document.terms import Grammar, phrases

_SECTION_WORDS = 40
"""Shorter sections repeat no term, and their topic is their title."""
_TERMS = 4


@dataclass(frozen=True, slots=True)
class Topic:
    """The terms that set a section apart."""

    passage: int
    """Number of the passage."""
    terms: tuple[str, ...]
    """Lemmas, strongest first."""
    strength: float
    """TF-IDF of the first term in the section's unit vector, 0 to 1."""
    example: Sentence
    """The first sentence that holds the first term."""


def topics(read: Sequence[Passage], grammar: Grammar) -> list[Topic]:
    """The topic of every section with at least 40 words, in reading order.

    TF-IDF with sublinear term frequency over all sections (Salton & Buckley 1988), phrases weighted like words;
    a term that the document uses once says nothing.
    """
    texts = [[lemma for s in one.sentences for lemma, _ in phrases(s.text, grammar)] for one in read]
    uses = Counter(lemma for terms in texts for lemma in terms)
    texts = [[lemma for lemma in terms if uses[lemma] > 1] for terms in texts]
    if not any(texts):
        return []
    vectorizer = TfidfVectorizer(analyzer=lambda terms: terms, sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)
    names = vectorizer.get_feature_names_out()
    found = []
    for number, passage in enumerate(read):
        row = matrix[[number]]
        ranked = sorted(zip(row.data, row.indices, strict=True), key=lambda pair: (-pair[0], str(names[pair[1]])))
        if passage.words < _SECTION_WORDS or not ranked:
            continue
        terms = _distinct([str(names[column]) for _, column in ranked])
        example = _first(terms[0], passage, grammar)
        found.append(Topic(number, terms, round(float(ranked[0][0]), 3), example))
    return found


def _distinct(ranked: list[str]) -> tuple[str, ...]:
    """The strongest terms that share no word with a stronger one."""
    chosen: list[str] = []
    for term in ranked:
        if not any(set(term.split()) & set(other.split()) for other in chosen):
            chosen.append(term)
        if len(chosen) == _TERMS:
            break
    return tuple(chosen)


def _first(term: str, passage: Passage, grammar: Grammar) -> Sentence:
    """The first sentence of a passage that holds a term."""
    return next(one for one in passage.sentences if any(term == lemma for lemma, _ in phrases(one.text, grammar)))
