"""One question in a run: every item is asked by itself, and whoever is slow at it is slow by chance.

What has arrived of all items is merged at once where votes hang on labels alone, for each item is voted on by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from random import Random
from statistics import fmean
from typing import TypeAlias

from benchmarks.merge_quality.crew import SECONDS, SPREAD, Trial
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus

HEADS = 6
"""Of eight: a threshold of 0.75."""
ASKED = 600
"""Questions at least: where items are few they are asked again, so that chance in who is slow adds little error."""

Until: TypeAlias = Callable[[Mapping[str, str]], bool]
"""Whether these labels, by name, are enough."""
_Votes: TypeAlias = Callable[[Trial, Consensus], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Cut:
    """What cutting stragglers has changed.

    Attributes:
        everyone: The accuracy when all are waited for.
        change: Of that accuracy.
        waited: Seconds until the sync point goes on, as a share of those of all.
        kept: How many had answered by then.
    """

    everyone: float
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
    """Means over questions, by what is waited for; by the record of labels, but where another vote is named."""
    record, majority = Consensus("log_odds", record=one.labels), Consensus("majority")
    own = Consensus("log_odds", record=one.labels, own_quality=True)
    names = [voice.name for voice in one.voices]
    decided = _cached(record.decided(names))
    ends: dict[str, Until] = {
        "threshold=0.75": _are_six,
        "until decided": decided,
        "until decided, at least 6 of 8": lambda said: _are_six(said) and decided(said),
        "until decided, majority": _cached(majority.decided(names)),
    }
    votes: dict[str, tuple[str, _Votes, Consensus]] = {
        "threshold=0.75": ("threshold=0.75", _by_labels, record),
        "until decided": ("until decided", _by_labels, record),
        "until decided, at least 6 of 8": ("until decided, at least 6 of 8", _by_labels, record),
        "threshold=0.75, own_quality": ("threshold=0.75", Trial.item_by_item, own),
        "threshold=0.75, majority": ("threshold=0.75", _by_labels, majority),
        "until decided, majority": ("until decided, majority", _by_labels, majority),
    }
    random, cuts = Random(seed), {what: list[Cut]() for what in votes}
    everyone = {what: one.accuracy(merged(one, strategy)) for what, (_, merged, strategy) in votes.items()}
    for _ in range(math.ceil(ASKED / len(one.truth))):
        arrivals = {item: _arrivals(one, item, random) for item in one.truth}
        there = {end: _there(one, arrivals, is_enough) for end, is_enough in ends.items()}
        for what, (end, merged, strategy) in votes.items():
            so_far, waited, kept = there[end]
            change = one.accuracy(merged(so_far, strategy)) - everyone[what]
            cuts[what].append(Cut(everyone[what], change, waited, kept))
    return {what: _mean(each) for what, each in cuts.items()}


def _mean(cuts: Sequence[Cut]) -> Cut:
    return Cut(*[fmean([getattr(cut, field.name) for cut in cuts]) for field in fields(Cut)])


def _there(one: Trial, arrivals: Mapping[str, Sequence[_Arrival]], is_enough: Until) -> tuple[Trial, float, float]:
    """What is there of all items when the sync point goes on, when that is, and how many have answered."""
    said: dict[str, dict[str, str]] = {voice.name: {} for voice in one.voices}
    waited = []
    for item, each in arrivals.items():
        labels, end = _until(each, is_enough)
        waited.append(end / each[-1].seconds)
        for name, label in labels.items():
            said[name][item] = label
    return one.cut(said), fmean(waited), sum(map(len, said.values())) / len(arrivals)


def _until(arrivals: Sequence[_Arrival], is_enough: Until) -> tuple[dict[str, str], float]:
    """The labels that are there when the sync point goes on, and when that is."""
    labels: dict[str, str] = {}
    for arrival in arrivals:
        if arrival.label is not None:
            labels[arrival.name] = arrival.label
            if is_enough(labels):
                return labels, arrival.seconds
    return labels, arrivals[-1].seconds


def _by_labels(one: Trial, strategy: Consensus) -> dict[str, str]:
    """By nothing else: without qualities and times."""
    return dict(merge([Scored(voice.name, voice.name, voice.labels) for voice in one.voices], strategy)["value"])


def _are_six(said: Mapping[str, str]) -> bool:
    return len(said) >= HEADS


def _cached(is_enough: Until) -> Until:
    """The same labels are given of many items."""
    known = cache(lambda labels: is_enough(dict(labels)))
    return lambda said: known(tuple(sorted(said.items())))


def _arrivals(one: Trial, item: str, random: Random) -> list[_Arrival]:
    drawn = [random.lognormvariate(math.log(SECONDS), SPREAD) for _ in one.voices]
    arrivals = [
        _Arrival(seconds, voice.name, voice.labels.get(item)) for seconds, voice in zip(drawn, one.voices, strict=True)
    ]
    return sorted(arrivals, key=lambda arrival: arrival.seconds)
