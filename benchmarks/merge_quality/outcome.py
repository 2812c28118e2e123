"""What comes out of one seed on one set: how often each strategy and each specialist is right."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from statistics import fmean

from sklearn.exceptions import ConvergenceWarning

from benchmarks.merge_quality.crew import KINDS, Trial, Voice, trial
from benchmarks.merge_quality.questions import Cut, asked
from langgraph_quorum.nodes.merging.reliability import reliability
from langgraph_quorum.nodes.merging.strategies import Consensus

Strategy = Callable[[Trial], dict[str, str]]

BY_RECORD = "consensus, log_odds, labels by record"
OWN_QUALITY = "consensus, log_odds, labels by record, own_quality"
CHOSEN = OWN_QUALITY
"""The strategy that is held to what is to be reached, chosen on splits 0 to 1199."""
THRESHOLDS = (0.5, 0.75, 0.9)


def _library(one: Trial) -> dict[str, str]:
    """Crowd-kit's Dawid-Skene as it comes."""
    answers = [(item, voice.name, label) for voice in one.voices for item, label in voice.labels.items()]
    learned = reliability(answers).probabilities
    return {item: max(sorted(by), key=by.__getitem__) for item, by in learned.items()}


BASELINES: dict[str, Strategy] = {
    "plain majority": lambda one: one.at_once(Consensus("majority")),
    "crowd-kit Dawid-Skene": _library,
}
OURS: dict[str, Strategy] = {
    "weighted": lambda one: one.at_once("weighted"),
    "weighted, item by item": lambda one: one.item_by_item("weighted"),
    "consensus, log_odds": lambda one: one.at_once(Consensus("log_odds")),
    "consensus, log_odds, item by item": lambda one: one.item_by_item(Consensus("log_odds")),
    BY_RECORD: lambda one: one.at_once(Consensus("log_odds", record=one.labels)),
    OWN_QUALITY: lambda one: one.item_by_item(Consensus("log_odds", record=one.labels, own_quality=True)),
    "consensus, dawid_skene": lambda one: one.at_once(Consensus("dawid_skene")),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One seed on one set.

    Attributes:
        accuracies: By strategy, over the whole test part.
        alone: By specialist, over the items that it has answered.
        picked: The best specialist by the calibration part, on the test part.
        half: The best specialist by one half of the test part, on the other; the mean of both ways.
        best: The best specialist by the test part, on the test part.
        cuts: By what was waited for, where one run labels all items, by the record of labels.
        asked: By what was waited for, where each item is a run of its own.
    """

    accuracies: dict[str, float]
    alone: dict[str, float]
    picked: float
    half: float
    best: float
    cuts: dict[str, Cut]
    asked: dict[str, Cut]


def outcome(name: str, seed: int) -> Outcome:
    """Let the specialists and the strategies answer, and count."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    one = trial(name, seed)
    alone = {voice.name: voice.accuracy(one.truth) for voice in one.voices}
    return Outcome(
        accuracies={label: one.accuracy(how(one)) for label, how in {**BASELINES, **OURS}.items()},
        alone=alone,
        picked=alone[one.picked().name],
        half=_by_halves(one),
        best=max(alone.values()),
        cuts=_cuts(one),
        asked=asked(one, f"{name} {seed}"),
    )


def _by_halves(one: Trial) -> float:
    """Items are in the order of the split, which is random: every other one is a half."""
    items = list(one.truth.items())
    halves = [dict(items[::2]), dict(items[1::2])]
    return fmean(
        [
            max(one.voices, key=lambda voice: voice.accuracy(seen)).accuracy(unseen)
            for seen, unseen in (halves, halves[::-1])
        ]
    )


def _cuts(one: Trial) -> dict[str, Cut]:
    """When the last is taken in, without grace, and what comes out then."""
    arriving = sorted(one.voices, key=lambda voice: voice.seconds)
    best = sorted(one.voices, key=lambda voice: -voice.quality)
    six = _reached(arriving, 0.75)
    ends = {f"threshold={threshold}": _reached(arriving, threshold) for threshold in THRESHOLDS} | {
        "threshold=0.75, must=the best by calibration": max(six, best[0].seconds),
        "threshold=0.75, must=the best two": max(six, best[0].seconds, best[1].seconds),
        "until 0.75 of the log-odds are in": _weighed(arriving, 0.75),
    }
    last = arriving[-1].seconds

    @cache
    def by(end: float) -> tuple[float, int]:
        kept = [voice for voice in one.voices if voice.seconds <= end]
        fewer = Trial(kept, one.record, one.labels, one.truth)
        return one.accuracy(OURS[BY_RECORD](fewer)), len(kept)

    everyone, _ = by(last)
    return {what: Cut(everyone, by(end)[0] - everyone, end / last, by(end)[1]) for what, end in ends.items()}


def _reached(arriving: Sequence[Voice], threshold: float) -> float:
    """Seconds until so many have answered."""
    return arriving[math.ceil(threshold * len(KINDS)) - 1].seconds


def _weighed(arriving: Sequence[Voice], share: float) -> float:
    """Seconds until those who have answered hold such a share of all log(q / (1 - q)) above 0."""
    worth = [max(0.0, math.log(voice.quality / (1 - voice.quality))) for voice in arriving]
    there = accumulate(worth)
    return next(voice.seconds for voice, sum_ in zip(arriving, there, strict=True) if sum_ >= share * sum(worth))
