"""Plays many seeds and judges them."""

from __future__ import annotations

import gc
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.schedules.blows import crashed_at, disturbed
from tests.schedules.coverage import seen
from tests.schedules.driver import Driver, Played
from tests.schedules.generator import scenario_of
from tests.schedules.judging import findings
from tests.schedules.scenario import Scenario
from tests.schedules.wall import on_the_wall


@dataclass
class Report:
    """What a campaign has found.

    Attributes:
        seeds: How many were played.
        counts: What they touched.
        failures: By seed, the first things that are wrong.
    """

    seeds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[int, list[str]] = field(default_factory=dict)

    def add(self, other: Report) -> None:
        self.seeds += other.seeds
        self.counts.update(other.counts)
        self.failures.update(other.failures)

    def __str__(self) -> str:
        return "\n".join(complaint(seed, found) for seed, found in sorted(self.failures.items()))


def complaint(seed: int, found: list[str]) -> str:
    """What is wrong with a seed, and how to see it again."""
    what = "\n  ".join(found[:5])
    return f"seed {seed} fails; replay it with: python -m tests.schedules --seed {seed}\n  {what}"


def plays_of(seed: int, *, thorough: bool = False) -> Iterator[Played]:
    """A seed's run as it goes undisturbed, then with what befalls it; if thorough, with a crash at every step too."""
    scenario = scenario_of(seed)
    plain = play(scenario)
    yield plain
    hit = disturbed(scenario, plain.steps)
    if hit is not None:
        yield play(hit)
    for step in range(plain.steps if thorough else 0):
        yield play(crashed_at(scenario, step))


def play(scenario: Scenario) -> Played:
    with on_the_wall():
        return Driver(scenario).play()


def played(seeds: Iterable[int], *, thorough: bool = False, most_failures: int = 10) -> Report:
    """Play seeds until all are done, or so many have failed."""
    report = Report()
    with _quiet():
        for seed in seeds:
            report.seeds += 1
            for one in plays_of(seed, thorough=thorough):
                found = findings(one)
                report.counts.update(seen(one))
                if found:
                    blows = ", ".join(f"{it.blow} at step {it.at}" for it in one.scenario.disturbances) or "undisturbed"
                    report.failures[seed] = [blows, *found]
                    break
            if len(report.failures) >= most_failures:
                break
    return report


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log lines of broken `until` rules; what seeds leave behind is collected many at a time."""
    before, thresholds = logging.root.manager.disable, gc.get_threshold()
    logging.disable(logging.CRITICAL)
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        logging.disable(before)
        gc.set_threshold(*thresholds)
