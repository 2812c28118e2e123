"""Eight specialists of unequal strength, and what they say of labelled data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from statistics import fmean
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.extmath import softmax

from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.scoring.track_record import TrackRecord

SETS: dict[str, Callable[..., Any]] = {"digits": load_digits, "wine": load_wine, "breast cancer": load_breast_cancer}
TRUTHFUL = 0.2
"""Share of its answers in which an adversary says what its model does."""
SECONDS, SPREAD = 30.0, 0.8
"""Median time of a specialist, and the deviation of its logarithm."""
LEFT_OUT = {"bayes": 0.3, "stump": 0.3}


@dataclass(frozen=True, slots=True)
class Kind:
    """A specialist: its model, the share of features and of the training part that it learns from."""

    name: str
    model: Callable[[int], Any]
    features: float
    rows: float
    is_adverse: bool = False


def _scaled(model: Any) -> Any:
    return make_pipeline(StandardScaler(), model)


KINDS = (
    Kind("svm", lambda seed: _scaled(SVC(random_state=seed)), 0.5, 0.3),
    Kind("logistic", lambda seed: _scaled(LogisticRegression(max_iter=300, random_state=seed)), 0.5, 0.3),
    Kind("neighbours", lambda _: _scaled(KNeighborsClassifier(3)), 0.4, 0.25),
    Kind("bayes", lambda _: GaussianNB(), 0.4, 0.5),
    Kind("tree", lambda seed: DecisionTreeClassifier(random_state=seed), 0.5, 0.4),
    Kind("stump", lambda seed: DecisionTreeClassifier(max_depth=2, random_state=seed), 0.3, 0.25),
    Kind("adverse svm", lambda seed: _scaled(SVC(random_state=seed)), 0.5, 0.3, is_adverse=True),
    Kind("adverse bayes", lambda _: GaussianNB(), 0.4, 0.5, is_adverse=True),
)


@dataclass(frozen=True, slots=True)
class Voice:
    """What one specialist says of the test part.

    Attributes:
        name: Of the specialist.
        labels: By item.
        confidences: How sure it says it is, 0..1, by item.
        quality: Its accuracy on the calibration part by Laplace's rule, (right + 1) / (answered + 2).
        seconds: How long it takes for all of it.
    """

    name: str
    labels: dict[str, str]
    confidences: dict[str, float]
    quality: float
    seconds: float

    def accuracy(self, truth: dict[str, str]) -> float:
        """Over the items that it has answered."""
        return fmean([self.labels[item] == label for item, label in truth.items() if item in self.labels])


@dataclass(frozen=True)
class Trial:
    """One seed on one set: what the specialists say of the test part, how right they were before, and what is true.

    Attributes:
        voices: One for each specialist.
        record: How often each was right on the calibration part when it was so sure.
        labels: What each said there of which label.
        truth: The labels of the test part, by item.
    """

    voices: Sequence[Voice]
    record: TrackRecord
    labels: LabelRecord
    truth: dict[str, str]

    def accuracy(self, labels: dict[str, str]) -> float:
        """Share of the test part that is labelled as it should be; a missing label is wrong."""
        return fmean([labels.get(item) == label for item, label in self.truth.items()])

    def cut(self, said: Mapping[str, dict[str, str]]) -> Trial:
        """The same with what was said in time, by name."""
        return replace(self, voices=[replace(voice, labels=said[voice.name]) for voice in self.voices])

    def at_once(self, strategy: Any) -> dict[str, str]:
        """One merge of results that label all items."""
        return dict(merge(self.results(), strategy)["value"])

    def item_by_item(self, strategy: Any) -> dict[str, str]:
        """A merge for each item, by what each specialist's confidence in that item is worth."""
        return {item: merge(results, strategy)["value"] for item, results in self.by_item.items() if results}

    def picked(self) -> Voice:
        """The best specialist as a user would choose it: by the calibration part."""
        return max(self.voices, key=lambda voice: voice.quality)

    def results(self) -> list[Scored]:
        """One result of each specialist: a label for each item."""
        return [Scored(one.name, one.name, one.labels, one.quality, one.seconds) for one in self.voices]

    @cached_property
    def by_item(self) -> dict[str, list[Scored]]:
        """Results for each item, each with the quality that the scorer `reported(record)` gives it."""
        return {
            item: [
                Scored(
                    one.name,
                    one.name,
                    one.labels[item],
                    self.record.calibrated(one.name, one.confidences[item]),
                    one.seconds,
                )
                for one in self.voices
                if item in one.labels
            ]
            for item in self.truth
        }


def trial(name: str, seed: int) -> Trial:
    """Learn, calibrate, and label the test part: 40 %, 24 % and 36 % of the set.

    Args:
        name: Of the set.
        seed: Of everything that is drawn.
    """
    features, labels = SETS[name](return_X_y=True)
    split = partial(train_test_split, test_size=0.6, random_state=seed)
    train_x, rest_x, train_y, rest_y = split(features, labels, stratify=labels)
    known_x, test_x, known_y, test_y = split(rest_x, rest_y, stratify=rest_y)
    rng, classes = np.random.default_rng(seed), len(set(labels))
    voices, record, seen = [], TrackRecord(), LabelRecord()
    for kind in KINDS:
        columns = rng.choice(features.shape[1], max(2, int(kind.features * features.shape[1])), replace=False)
        rows = _some_rows(rng, train_y, kind.rows)
        model = kind.model(seed).fit(train_x[rows][:, columns], train_y[rows])
        (known, before), (test, sure) = (_said(model, part[:, columns]) for part in (known_x, test_x))
        if kind.is_adverse:
            known, test = (_turned(rng, said, classes) for said in (known, test))
        answered = np.flatnonzero(rng.random(len(test)) >= LEFT_OUT.get(kind.name, 0.0))
        for stated, right in zip(before, known == known_y, strict=True):
            record.add(kind.name, float(stated), bool(right))
        for label, true in zip(known, known_y, strict=True):
            seen.add(kind.name, f"c{label}", f"c{true}")
        voices.append(
            Voice(
                kind.name,
                {f"i{place}": f"c{test[place]}" for place in answered},
                {f"i{place}": float(sure[place]) for place in answered},
                (int((known == known_y).sum()) + 1) / (len(known_y) + 2),
                float(rng.lognormal(math.log(SECONDS), SPREAD)),
            )
        )
    return Trial(voices, record, seen, {f"i{place}": f"c{label}" for place, label in enumerate(test_y)})


def _some_rows(rng: np.random.Generator, labels: Any, share: float) -> Any:
    """Rows to learn from, at least two of each class."""
    each = [rng.permutation(np.flatnonzero(labels == label)) for label in sorted(set(labels))]
    return np.concatenate([rows[: max(2, int(share * len(rows)))] for rows in each])


def _said(model: Any, features: Any) -> tuple[Any, Any]:
    """Labels, and how sure the model is of each; one that has no probabilities squashes its distances into 0..1."""
    if hasattr(model, "predict_proba"):
        chances = model.predict_proba(features)
    else:
        distances = model.decision_function(features)
        chances = softmax(np.stack([-distances, distances], axis=1) / 2 if distances.ndim == 1 else distances)
    return model.predict(features), chances.max(axis=1)


def _turned(rng: np.random.Generator, said: Any, classes: int) -> Any:
    return np.where(rng.random(len(said)) < TRUTHFUL, said, (said + 1) % classes)
