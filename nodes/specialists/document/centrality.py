"""Which sentences of a text stand for it: LexRank's centrality, and a choice that does not repeat itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

Matrix = NDArray[np.float64]

_TOKEN = r"(?u)\b[^\W\d]\w+\b"  # noqa: S105 (a pattern of words)
_DAMPING = 0.85
_TOLERANCE = 1e-6
_ROUNDS = 100


def similarities(texts: Sequence[str]) -> Matrix:
    """Cosines in 0..1 between all pairs of texts, over TF-IDF with logarithmic term counts.

    English function words do not count; words that occur in a single text still do, for the length of its vector.
    Texts without words are like no other text.
    """
    vectoriser = TfidfVectorizer(token_pattern=_TOKEN, stop_words="english", sublinear_tf=True)
    try:
        vectors = vectoriser.fit_transform(texts)
    except ValueError:  # no text has a word
        return np.zeros((len(texts), len(texts)))
    return np.asarray((vectors @ vectors.T).toarray(), dtype=np.float64)


def lexrank(similarity: Matrix) -> Matrix:
    """Centrality of each text in 0..1, the most central one having 1.

    Continuous LexRank (Erkan and Radev, "LexRank: Graph-based Lexical Centrality as Salience in Text Summarization",
    JAIR 22, 2004): the stationary distribution of a walk from text to text that goes with probability 0.85 along the
    similarities, and anywhere else with the rest.
    """
    count = len(similarity)
    if not count:
        return np.zeros(0)
    weights = similarity.copy()
    np.fill_diagonal(weights, 0.0)
    sums = weights.sum(axis=1, keepdims=True)
    steps = np.divide(weights, sums, out=np.full_like(weights, 1.0 / count), where=sums > 0)
    rank = np.full(count, 1.0 / count)
    for _ in range(_ROUNDS):
        moved = (1 - _DAMPING) / count + _DAMPING * (rank @ steps)
        done = float(np.abs(moved - rank).sum()) < _TOLERANCE
        rank = moved
        if done:
            break
    return np.asarray(rank / rank.max())


def diverse(scores: Sequence[float], similarity: Matrix, count: int, balance: float = 0.7) -> list[int]:
    """Indices of the texts to choose, best first, each weighed against its likeness to those chosen before it.

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): `balance` times the score, minus the rest times
    the greatest similarity to a chosen text. Equal values go to the earlier text.
    """
    chosen: list[int] = []
    left = list(range(len(scores)))
    while left and len(chosen) < count:
        gains = [
            balance * scores[index]
            - (1 - balance) * max((float(similarity[index, other]) for other in chosen), default=0)
            for index in left
        ]
        chosen.append(left.pop(int(np.argmax(gains))))
    return chosen
