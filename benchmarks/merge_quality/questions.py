"""One question in a run: every item is asked by itself, and whoever is slow at it is slow by chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from benchmarks.merge_quality.crew import SECONDS, SPREAD, Trial
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus

Until = Callable[[Mapping[str, str]], bool]
HEADS = 6
"""Of eight: a threshold of 0.75."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What cutting stragglers has changed.

    Attributes:
        change: Of the accuracy, against waiting for all.
        waited: Seconds until the sync point goes on, as a share of those of all.
        kept: How many had answered by then.
    """

    change: float
    waited: float
    kept: float


@dataclass(frozen=True, slots=True)
class _Arrival:
    seconds: float
    name: str
    label: str | None
    """None of one that fails: it leaves the item out."""


def asked(one: Trial, seed: str) -> dict[str, Cut]:
    """Means over items, by what is waited for; by the record of labels, but where a plain majority is named."""
    record, majority = Consensus("log_odds", record=one.labels), Consensus("majority")
    names = [voice.name for voice in one.voices]
    rules: dict[str, tuple[Consensus, Until]] = {
        "threshold=0.75": (record, lambda said: len(said) >= HEADS),
        "until decided": (record, record.decided(names)),
        "until decided, at least 6 of 8": (record, record.decided(names, at_least=HEADS)),
        "threshold=0.75, majority": (majority, lambda said: len(said) >= HEADS),
        "until decided, majority": (majority, majority.decided(names)),
    }
    random, cuts = Random(seed), {what: list[Cut]() for what in rules}
    for item, truth in one.truth.items():
        arrivals = _arrivals(one, item, random)
        for what, (strategy, is_enough) in rules.items():
            if any(arrival.label is not None for arrival in arrivals):
                cuts[what].append(_cut(arrivals, strategy, is_enough, truth))
    return {what: _mean(each) for what, each in cuts.items()}


def _mean(each: Sequence[Cut]) -> Cut:
    return Cut(*[fmean(column) for column in zip(*[(cut.change, cut.waited, cut.kept) for cut in each], strict=True)])


def _arrivals(one: Trial, item: str, random: Random) -> list[_Arrival]:
    drawn = [random.lognormvariate(math.log(SECONDS), SPREAD) for _ in one.voices]
    arrivals = [
        _Arrival(seconds, voice.name, voice.labels.get(item)) for seconds, voice in zip(drawn, one.voices, strict=True)
    ]
    return sorted(arrivals, key=lambda arrival: arrival.seconds)


def _cut(arrivals: list[_Arrival], strategy: Consensus, is_enough: Until, truth: str) -> Cut:
    said: dict[str, str] = {}
    end = arrivals[-1].seconds
    for arrival in arrivals:
        if arrival.label is not None:
            said[arrival.name] = arrival.label
            if is_enough(said):
                end = arrival.seconds
                break
    everything = {arrival.name: arrival.label for arrival in arrivals if arrival.label is not None}
    change = 0 if said == everything else _is_right(said, strategy, truth) - _is_right(everything, strategy, truth)
    return Cut(change, end / arrivals[-1].seconds, len(said))


def _is_right(said: Mapping[str, str], strategy: Consensus, truth: str) -> bool:
    results = [Scored(name, name, label) for name, label in said.items()]
    return bool(merge(results, strategy)["value"] == truth)
