"""The themes of a document: NMF over the TF-IDF of its sections, long sections in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer

from langgraph_quorum.nodes.specialists.document.prose import Passage
from langgraph_quorum.nodes.specialists.document.terms import Grammar, phrases

_PIECE_WORDS = 120
"""Words from which a piece of a section is closed: enough for words to occur together, little enough for one theme."""
_MIN_PIECES = 4
_MIN_TERMS = 10
_MAX_THEMES = 7
_TERMS = 6


@dataclass(frozen=True, slots=True)
class Theme:
    """What several sections have in common."""

    terms: tuple[str, ...]
    """Strongest first."""
    weight: float
    """Share in 0..1 of the themes' total weight; the shares of all themes add up to 1."""
    sections: tuple[tuple[int, float], ...]
    """Numbers of the passages where it is strongest, with its share there in 0..1."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a section: its passage's number and its terms."""

    passage: int
    terms: tuple[str, ...]


def themes(read: Sequence[Passage], grammar: Grammar) -> list[Theme]:
    """Find the themes, heaviest first; none for a document too short to have several.

    The count of themes is the square root of half the pieces, from 2 to 7 (a rule of thumb for clusters: Mardia, Kent &
    Bibby 1979). A term must occur in two pieces, and in no more than 60 % of them: what is everywhere parts nothing.
    """
    pieces = _pieces(read, grammar)
    if len(pieces) < _MIN_PIECES:
        return []
    vectorizer = TfidfVectorizer(analyzer=lambda piece: piece.terms, min_df=2, max_df=0.6, sublinear_tf=True)
    try:
        matrix = vectorizer.fit_transform(pieces)
    except ValueError:  # no term is in two pieces: there is nothing in common
        return []
    if matrix.shape[1] < _MIN_TERMS:
        return []
    count = min(max(2, round(sqrt(len(pieces) / 2))), _MAX_THEMES)
    model = NMF(n_components=count, init="nndsvda", random_state=0, max_iter=400, tol=1e-3)
    strengths: NDArray[np.float64] = model.fit_transform(matrix)
    return _themes(strengths, model.components_, list(vectorizer.get_feature_names_out()), [p.passage for p in pieces])


def _pieces(read: Sequence[Passage], grammar: Grammar) -> list[_Piece]:
    """Sections cut after the sentence that fills a piece; a short rest joins the piece before it."""
    found: list[_Piece] = []
    for number, passage in enumerate(read):
        terms: list[str] = []
        words = 0
        cut: list[list[str]] = []
        for sentence in passage.sentences:
            terms += [lemma for lemma, _ in phrases(sentence.text, grammar) if lemma.count(" ") <= 1]
            words += sentence.words
            if words >= _PIECE_WORDS:
                cut.append(terms)
                terms, words = [], 0
        if terms and cut and words < _PIECE_WORDS // 2:
            cut[-1] += terms
        elif terms:
            cut.append(terms)
        found += [_Piece(number, (*title_terms(passage, grammar), *piece)) for piece in cut]
    return found


def title_terms(passage: Passage, grammar: Grammar) -> list[str]:
    """The terms of a section's title, which name what each of its pieces is about."""
    return [lemma for lemma, _ in phrases(passage.title, grammar) if lemma.count(" ") <= 1]


def _themes(strengths: NDArray[Any], components: NDArray[Any], names: list[str], owners: list[int]) -> list[Theme]:
    """The rows of the factorisation as themes."""
    sizes = components.sum(axis=1)
    weighed = strengths * sizes
    total = weighed.sum() or 1.0
    shares = weighed / np.maximum(weighed.sum(axis=1, keepdims=True), 1e-12)
    found = []
    for row, component in enumerate(components):
        order = sorted(range(len(names)), key=lambda column: (-component[column], names[column]))
        best = [names[column] for column in order if component[column] > 0]
        by_passage: dict[int, float] = {}
        for piece, owner in enumerate(owners):
            by_passage[owner] = by_passage.get(owner, 0.0) + float(weighed[piece, row])
        strongest = sorted(by_passage, key=lambda owner: (-by_passage[owner], owner))[:3]
        mean_share = {o: float(np.mean([shares[i, row] for i, p in enumerate(owners) if p == o])) for o in strongest}
        sections = tuple((owner, round(mean_share[owner], 3)) for owner in strongest if by_passage[owner] > 0)
        if best and sections:
            found.append(Theme(_distinct(best), round(float(weighed[:, row].sum() / total), 3), sections))
    return sorted(found, key=lambda theme: -theme.weight)


def _distinct(terms: list[str]) -> tuple[str, ...]:
    """The strongest terms, without single words that a chosen phrase already says."""
    chosen: list[str] = []
    for term in terms[: 4 * _TERMS]:
        if any(set(term.split()) <= set(other.split()) for other in chosen):
            continue
        chosen = [other for other in chosen if not (" " not in other and other in term.split())] + [term]
        if len(chosen) == _TERMS:
            break
    return tuple(chosen)
