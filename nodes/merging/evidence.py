"""What an answer says of each label, by what its specialist was seen to answer when that label was true.

Of a specialist with accuracy q that was seen n times with the label t, r of them right, the chance to give t again is
(r + `DRAWN` · q) / (n + `DRAWN`), drawn towards q as if by `DRAWN` more observations. The rest goes to the other labels
by how often each was given instead, with `UNSEEN` added to each. Answers are taken as independent given the truth, so
the logarithms of their chances add up, with that of how frequent the label is (naive Bayes; Dawid & Skene 1979 with
known truth). A label that the record does not know is like one that was never given and never true.

A quality of one answer that is not its specialist's accuracy says more about that answer: by Bayes' rule it multiplies
the odds of its label by those of the quality over those of the accuracy.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

DRAWN = 20.0
UNSEEN = 0.5
SUREST = 0.99
"""No specialist counts as more certain than this, nor as certain to be wrong."""

Counts: TypeAlias = dict[str, dict[str, Counter[str]]]
"""By specialist and true label, how often each label was given; labels as they are spelled."""
Voice: TypeAlias = tuple[str, str, float | None]
"""A specialist, the label that it gives, spelled, and the quality of its result."""


class Row(NamedTuple):
    """What a specialist says when a label is true.

    Attributes:
        log_sure: The logarithm of the chance to give that label.
        rest: The chance of each other label by one of its counts, of which `UNSEEN` come on top.
        given: How often each label was given.
    """

    log_sure: float
    rest: float
    given: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record of labels, at one moment.

    Attributes:
        accuracies: By specialist, (right + 1) / (seen + 2).
        frequency: How often each label was true; 0 of one that was only given.
        rows: By specialist and true label, of those that were seen.
    """

    accuracies: Mapping[str, float]
    frequency: Mapping[str, int]
    rows: Mapping[tuple[str, str], Row]

    @classmethod
    def of(cls, counts: Counts) -> Evidence:
        """What these counts say; they may grow afterwards."""
        frequency: Counter[str] = Counter()
        accuracies = {}
        for specialist, by_true in counts.items():
            right = sum(given[true] for true, given in by_true.items())
            accuracies[specialist] = (right + 1) / (sum(given.total() for given in by_true.values()) + 2)
            for true, given in by_true.items():
                frequency[true] += given.total()
                frequency.update(dict.fromkeys(given, 0))
        rows = {
            (specialist, true): _row(true, accuracies[specialist], frequency, dict(given))
            for specialist, by_true in counts.items()
            for true, given in by_true.items()
        }
        return cls(accuracies, dict(sorted(frequency.items())), rows)

    def accuracy(self, specialist: str) -> float:
        """0.5 of one that was never seen."""
        return self.accuracies.get(specialist, 0.5)

    def log_prior(self, label: str) -> float:
        """Of how frequent a label is, by Laplace's rule, but for what is the same for all."""
        return math.log(self.frequency.get(label, 0) + 1)

    def log_chance(self, voice: Voice, true: str) -> float:
        """Of a specialist giving its label, with that quality, when `true` is true, but for what is the same for all.

        One never seen is as good as its quality, else 0.5.
        """
        specialist, said, quality = voice
        row = self.rows.get((specialist, true))
        if row is None:
            known = self.accuracies.get(specialist, 0.5 if quality is None else quality)
            row = _row(true, known, self.frequency, {})
        if said != true:
            return math.log(row.rest * (row.given.get(said, 0) + UNSEEN))
        return row.log_sure + self._told(specialist, quality)

    def _told(self, specialist: str, quality: float | None) -> float:
        """What the quality of one answer says beyond the accuracy of its specialist."""
        accuracy = self.accuracies.get(specialist)
        if accuracy is None or quality is None or quality == accuracy:
            return 0.0
        return _log_odds(quality) - _log_odds(accuracy)

    def scores(self, voices: Iterable[Voice], labels: Iterable[str]) -> dict[str, float]:
        """By label, the logarithm of how probable it is, but for what is the same for all."""
        said = list(voices)
        return {
            label: self.log_prior(label) + math.fsum([self.log_chance(voice, label) for voice in said])
            for label in labels
        }

    def probabilities(self, voices: Iterable[Voice]) -> dict[str, float]:
        """Of the labels that the record knows and those given; they sum to 1."""
        said = list(voices)
        scores = self.scores(said, sorted({*self.frequency, *(label for _, label, _ in said)}))
        most = max(scores.values())
        total = math.fsum([math.exp(score - most) for score in scores.values()])
        return {label: math.exp(score - most) / total for label, score in scores.items()}


def _log_odds(chance: float) -> float:
    sure = min(SUREST, max(1 - SUREST, chance))
    return math.log(sure / (1 - sure))


def _row(true: str, known: float, labels: Collection[str], given: Mapping[str, int]) -> Row:
    """Of a specialist with this accuracy."""
    right, total = given.get(true, 0), sum(given.values())
    sure = min(SUREST, max(1 - SUREST, (right + DRAWN * known) / (total + DRAWN)))
    others = max(1, len(labels) - (true in labels))
    return Row(math.log(sure), (1 - sure) / (total - right + UNSEEN * others), given)
