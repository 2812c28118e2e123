"""`python -m benchmarks.merge_quality`: what merging is worth, on scikit-learn's digits, wine and breast cancer.

Eight specialists of unequal strength label the test part of each set: six are learned from little of the training part
and some of its features, two tell the truth only now and then and otherwise the next class; two leave out three answers
in ten. A specialist's quality is its accuracy on a calibration part, which neither it nor the test part has seen, by
Laplace's rule (right + 1) / (answered + 2). Nothing is chosen by what comes out on the test part.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from statistics import fmean, stdev
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from benchmarks.measuring import Row, table
from langgraph_quorum.nodes.merging.interval import IntervalName
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.reliability import reliability
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus
from langgraph_quorum.state.policies import WeightPolicy

SETS: dict[str, Callable[..., Any]] = {"digits": load_digits, "wine": load_wine, "breast cancer": load_breast_cancer}
SEEDS = 20
FIRST_SEED = 200
"""Those below were looked at while this was written."""
TRUTHFUL = 0.2
"""Share of its answers in which an adversary says what its model does."""
LEFT_OUT = {"bayes": 0.3, "stump": 0.3}
THRESHOLDS = (0.5, 0.75, 0.9)

Strategies = dict[str, Callable[[Sequence[Scored]], dict[str, str]]]


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
class Trial:
    """One seed on one set: what the specialists say of the test part, and what is true."""

    results: list[Scored]
    truth: dict[str, str]
    alone: dict[str, float]
    """By specialist, its accuracy on the test part over the items it has answered."""

    def accuracy(self, labels: dict[str, str]) -> float:
        """Share of the test part that is labelled as it should be; a missing label is wrong."""
        return fmean(labels.get(item) == label for item, label in self.truth.items())


def trial(name: str, seed: int, share: float = 1.0) -> Trial:
    """Learn, calibrate, and label the test part: 40 %, 24 % and 36 % of the set.

    Args:
        name: Of the set.
        seed: Of everything that is drawn.
        share: How much more rows and features specialists learn from than `KINDS` says, up to all.
    """
    features, labels = SETS[name](return_X_y=True)
    split = partial(train_test_split, test_size=0.6, random_state=seed)
    train_x, rest_x, train_y, rest_y = split(features, labels, stratify=labels)
    known_x, test_x, known_y, test_y = split(rest_x, rest_y, stratify=rest_y)
    rng, classes = np.random.default_rng(seed), len(set(labels))
    results, alone = [], {}
    for kind in KINDS:
        columns = rng.choice(
            features.shape[1], max(2, int(min(1.0, share * kind.features) * features.shape[1])), replace=False
        )
        rows = _some_rows(rng, train_y, min(1.0, share * kind.rows))
        model = kind.model(seed).fit(train_x[rows][:, columns], train_y[rows])
        known, test = model.predict(known_x[:, columns]), model.predict(test_x[:, columns])
        if kind.is_adverse:
            known, test = (_turned(rng, said, classes) for said in (known, test))
        answered = rng.random(len(test)) >= LEFT_OUT.get(kind.name, 0.0)
        quality = (int((known == known_y).sum()) + 1) / (len(known_y) + 2)
        value = {f"i{place}": f"c{label}" for place, label in enumerate(test) if answered[place]}
        seconds = float(rng.lognormal(math.log(30), 0.8))
        results.append(Scored(kind.name, kind.name, value, quality, seconds))
        alone[kind.name] = float((test == test_y)[answered].mean())
    return Trial(results, {f"i{place}": f"c{label}" for place, label in enumerate(test_y)}, alone)


def _some_rows(rng: np.random.Generator, labels: Any, share: float) -> Any:
    """Rows to learn from, at least two of each class."""
    each = [rng.permutation(np.flatnonzero(labels == label)) for label in sorted(set(labels))]
    return np.concatenate([rows[: max(2, int(share * len(rows)))] for rows in each])


def _turned(rng: np.random.Generator, said: Any, classes: int) -> Any:
    return np.where(rng.random(len(said)) < TRUTHFUL, said, (said + 1) % classes)


def _merged(strategy: Any, results: Sequence[Scored], policy: WeightPolicy | None = None) -> dict[str, str]:
    return dict(merge(results, strategy, policy)["value"])


def _library(results: Sequence[Scored]) -> dict[str, str]:
    """Crowd-kit's Dawid-Skene as it comes."""
    answers = [(item, one.specialist, label) for one in results for item, label in one.value.items()]
    learned = reliability(answers).probabilities
    return {item: max(sorted(by), key=by.__getitem__) for item, by in learned.items()}


MERGES: Strategies = {
    "plain majority": partial(_merged, Consensus("majority")),
    "weighted": partial(_merged, "weighted"),
    "consensus, weighted": partial(_merged, Consensus("weighted")),
    "consensus, log_odds": partial(_merged, Consensus("log_odds")),
    "consensus, dawid_skene": partial(_merged, Consensus("dawid_skene")),
    "crowd-kit Dawid-Skene": _library,
}
OURS = ("weighted", "consensus, weighted", "consensus, log_odds", "consensus, dawid_skene")


def quality_rows(name: str, trials: Sequence[Trial]) -> list[Row]:
    """Every merge's accuracy against the best specialist and the plain majority."""
    picked = fmean(one.alone[max(one.results, key=lambda result: result.quality or 0).specialist] for one in trials)
    by_kind = {kind.name: fmean(one.alone[kind.name] for one in trials) for kind in KINDS}
    star = max(by_kind, key=by_kind.__getitem__)
    hindsight = fmean(max(one.alone.values()) for one in trials)
    accuracies = {label: [one.accuracy(how(one.results)) for one in trials] for label, how in MERGES.items()}
    scores = {label: fmean(each) for label, each in accuracies.items()}
    majority = scores["plain majority"]
    bar = max(majority, picked, by_kind[star])
    rows = [
        Row(f"{name}: best by calibration", f"{picked:.4f}", "", ""),
        Row(f"{name}: best over all seeds ({star})", f"{by_kind[star]:.4f}", "", ""),
        Row(f"{name}: best of each seed in hindsight", f"{hindsight:.4f}", "", ""),
        Row(f"{name}: weakest specialist", f"{min(by_kind.values()):.4f}", "", ""),
    ]
    for label, score in scores.items():
        over_star = [mine - one.alone[star] for mine, one in zip(accuracies[label], trials, strict=True)]
        better = f"{_with_error(over_star)} / {score - majority:+.4f}"
        target, met = ("one not below", score >= bar) if label in OURS else ("", None)
        rows.append(Row(f"{name}: {label}", f"{score:.4f}", "best over seeds / majority", better, target, met))
    return rows


def cut_rows(name: str, trials: Sequence[Trial], label: str = "consensus, dawid_skene") -> list[Row]:
    """What is lost when the slowest are cut at a threshold: the fastest ceil(threshold · 8) are merged."""
    how = MERGES[label]
    everyone = [one.accuracy(how(one.results)) for one in trials]
    rows = []
    for threshold in THRESHOLDS:
        kept = math.ceil(threshold * len(KINDS))
        cut = kept < len(KINDS)
        some = [one.accuracy(how(_fastest(one.results, kept))) for one in trials] if cut else everyone
        change = [fewer - all_in for fewer, all_in in zip(some, everyone, strict=True)]
        met = fmean(change) >= -0.01 if threshold == 0.75 else None
        target = "at most 0.01 lost" if threshold == 0.75 else ""
        what = f"{name}: cut at {threshold:.0%}, {kept} of {len(KINDS)}"
        rows.append(Row(what, f"{fmean(some):.4f}", f"all {fmean(everyone):.4f}", _with_error(change), target, met))
    return rows


def _with_error(changes: Sequence[float]) -> str:
    """Their mean and its standard error."""
    error = stdev(changes) / math.sqrt(len(changes)) if len(changes) > 1 else math.nan
    return f"{fmean(changes):+.4f} ± {error:.4f}"


def _fastest(results: Sequence[Scored], count: int) -> list[Scored]:
    return sorted(results, key=lambda result: result.seconds or 0.0)[:count]


def coverage_rows(trials: int = 2000) -> list[Row]:
    """How often the 95 % interval of the quality of eight results holds the mean they were drawn from."""
    rows = []
    methods: tuple[tuple[IntervalName, int], ...] = (("student_t", trials), ("bootstrap", trials // 2))
    for method, count in methods:
        for population, mean, draw in (
            ("flat", 0.5, lambda random: random.random()),
            ("near 1", 0.8, lambda random: random.betavariate(8, 2)),
        ):
            share = _coverage(method, draw, mean, count)
            what = f"interval by {method}, qualities {population}"
            rows.append(Row(what, f"{share:.3f}", "95 % asked", "", "0.93 to 0.97", 0.93 <= share <= 0.97))
    return rows


def _coverage(method: IntervalName, draw: Callable[[Random], float], mean: float, count: int) -> float:
    random, held = Random(7), 0
    equal = WeightPolicy(quality_share=0.0)  # weights by speed, so that they do not lean to what is measured
    for _ in range(count):
        results = [
            Scored(f"b{place}", "s", None, draw(random), random.expovariate(1 / 60)) for place in range(len(KINDS))
        ]
        low, high = merge(results, "best", equal, interval=method)["confidence_interval"]
        held += low <= mean <= high
    return held / count


def measure(seeds: int = SEEDS) -> None:
    """Measure and print."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name in SETS:
        trials = [trial(name, FIRST_SEED + seed) for seed in range(seeds)]
        print(table(f"{name}, {seeds} seeds", quality_rows(name, trials)) + "\n", flush=True)
        print(table(f"{name}, stragglers cut", cut_rows(name, trials)) + "\n", flush=True)
    print(table("intervals", coverage_rows()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.merge_quality", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many random splits of each set")
    measure(parser.parse_args().seeds)
