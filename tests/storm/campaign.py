"""Many trials, until enough processes were killed; what failed, with the command that replays it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tests.crashes.scenario import Scenario
from tests.storm.interception import ledger_of, promises
from tests.storm.judging import wrong
from tests.storm.moments import Extent
from tests.storm.trial import Plan, Told, Weather


@dataclass
class Report:
    """What came of some trials.

    Attributes:
        trials: Seeds that were tried.
        kills: Processes that were killed.
        hit: Kills by scenario and by kind of moment.
        failures: What was wrong, by seed.
    """

    trials: int = 0
    kills: int = 0
    hit: Counter[str] = field(default_factory=Counter)
    failures: dict[int, list[str]] = field(default_factory=dict)

    def add(self, other: Report) -> None:
        """Count the other's in."""
        self.trials += other.trials
        self.kills += other.kills
        self.hit += other.hit
        self.failures |= other.failures


@dataclass
class Storm:
    """Tries seeds on one weather, in any thread. What an undisturbed run does is found out once for each scenario."""

    weather: Weather
    _calm: dict[str, Told] = field(default_factory=dict)
    _calming: Lock = field(default_factory=Lock)

    def tried(self, seed: int) -> Report:
        """The report of one seed."""
        plan = Plan.of(seed)
        calm = self._calm_of(plan.scene)
        # Runs that share a process share its round trips, as far as their writes are grouped.
        extent = Extent({**calm.counts, "line": calm.counts["line"] * plan.runs}, calm.seconds)
        trial, found = self.weather.stormed(plan, extent, lambda it: wrong(it, _only(calm)))
        report = Report(1, len(trial.deaths), Counter(_labels(trial)))
        if found:
            report.failures[seed] = [*found, f"kills: {'; '.join(str(death.moment) for death in trial.deaths)}"]
        else:
            self._tidy(plan)
        return report

    def _calm_of(self, scene: Scenario) -> Told:
        with self._calming:
            if scene.name not in self._calm:
                calm = self.weather.calm(scene)
                found = wrong(calm, _only(calm))
                if found:
                    raise AssertionError(f"undisturbed, {scene.name} goes wrong: {'; '.join(found)}")
                self._calm[scene.name] = calm
            return self._calm[scene.name]

    def _tidy(self, plan: Plan) -> None:
        for thread in plan.threads:
            for path in (ledger_of(self.weather.folder, thread), promises(self.weather.folder, thread)):
                path.unlink(missing_ok=True)


def stormed(storms: Sequence[Storm], seeds: Iterator[int], goes_on: Callable[[], bool]) -> Iterator[Report]:
    """What comes of the seeds, one at a time on each storm, as it comes; no more are begun once it does not go on."""
    with ThreadPoolExecutor(len(storms)) as pool:
        running = {pool.submit(storm.tried, next(seeds)): storm for storm in storms}
        while running:
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for one in ended:
                storm = running.pop(one)
                yield one.result()
                if goes_on():
                    running[pool.submit(storm.tried, next(seeds))] = storm


def _only(calm: Told) -> dict[str, Any]:
    (outcome,) = calm.outcomes.values() or [{}]
    return dict(outcome)


def _labels(trial: Told) -> Iterator[str]:
    for death in trial.deaths:
        moment = death.moment
        yield trial.plan.scene.name
        yield "delay" if moment.counted is None else f"{moment.when} {moment.counted}"
        if trial.plan.runs > 1:
            yield "several runs at once"
        if trial.plan.fresh:
            yield "a database without tables"


def complaint(seed: int, found: list[str]) -> str:
    """What is printed of a failure."""
    lines = "\n".join(f"    {one}" for one in found)
    return f"seed {seed} failed:\n{lines}\n  replay: python -m tests.storm --seed {seed} --kills 1"
