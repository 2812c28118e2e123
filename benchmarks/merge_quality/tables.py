"""What was measured, as tables: means over seeds, and differences seed by seed with their standard errors.

One strategy is held to what is to be reached, the others are for information. Where the errors do not tell whether a
target is reached, neither is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from benchmarks.measuring import Row
from benchmarks.merge_quality.crew import KINDS
from benchmarks.merge_quality.outcome import CHOSEN, OURS, Outcome
from benchmarks.merge_quality.questions import Cut

HINDSIGHT = "best of each seed by the test itself"
"""For information: the best of eight that are counted on the same items is better than any of them is."""
LOST = 0.01


def quality_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """Every strategy's accuracy against a single specialist, chosen in four ways, and against the plain majority."""
    means = {kind.name: fmean([one.alone[kind.name] for one in outcomes]) for kind in KINDS}
    star = max(means, key=means.__getitem__)
    bars = {
        "best by calibration": [one.picked for one in outcomes],
        "plain majority": [one.accuracies["plain majority"] for one in outcomes],
        f"best over all seeds ({star})": [one.alone[star] for one in outcomes],
        "best of each seed by half the test": [one.half for one in outcomes],
        HINDSIGHT: [one.best for one in outcomes],
    }
    rows = [Row(what, f"{fmean(each):.4f}", "", "") for what, each in bars.items()]
    rows.append(Row("weakest specialist", f"{min(means.values()):.4f}", "", ""))
    for label in ("crowd-kit Dawid-Skene", *OURS):
        mine = [one.accuracies[label] for one in outcomes]
        for what, theirs in bars.items():
            change = [ours - other for ours, other in zip(mine, theirs, strict=True)]
            is_held = label == CHOSEN and what != HINDSIGHT
            target, met = ("at least 0", reached(change, 0.0)) if is_held else ("", None)
            rows.append(Row(label, f"{fmean(mine):.4f}", what, compared(change), target, met))
    return rows


def cut_rows(each: Sequence[Mapping[str, Cut]]) -> list[Row]:
    """What is lost when stragglers are cut, by what is waited for: a mapping of each seed."""
    rows = []
    for what in each[0]:
        cuts = [one[what] for one in each]
        change = [cut.change for cut in cuts]
        left = [cut.change + LOST * cut.everyone for cut in cuts]
        is_held = "threshold=0.75" in what and "majority" not in what
        target, met = (f"at most {LOST:.0%} lost", reached(left, 0.0)) if is_held else ("", None)
        waited = f"{fmean([cut.waited for cut in cuts]):.2f} of all the time"
        kept = f"{fmean([cut.kept for cut in cuts]):.1f} of {len(KINDS)}"
        rows.append(Row(what, f"{waited}, {kept}", "all", compared(change), target, met))
    return rows


def compared(changes: Sequence[float]) -> str:
    """Their mean, its standard error, and whether that tells it from 0."""
    mean, error = _mean_and_error(changes)
    if mean == error == 0:
        return "the same"
    word = {True: "above", False: "below", None: "level"}[reached(changes, 0.0)]
    return f"{mean:+.4f} ± {error:.4f} {word}"


def reached(changes: Sequence[float], least: float) -> bool | None:
    """Whether their mean is at least so much; None where it is within two standard errors, so that nobody can tell."""
    mean, error = _mean_and_error(changes)
    return None if abs(mean - least) <= 2 * error and error > 0 else mean >= least


def _mean_and_error(changes: Sequence[float]) -> tuple[float, float]:
    return fmean(changes), stdev(changes) / math.sqrt(len(changes)) if len(changes) > 1 else math.inf
