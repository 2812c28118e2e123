"""Many trials of each scenario, some at a time, and what came of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crashes.judging import told
from tests.crashes.processes import zygote
from tests.drivers.chain import linear_chain
from tests.drivers.scenarios import Scenario
from tests.drivers.stage import Stage

AT_ONCE = 5
"""Trials at the same time: most of a trial is waiting for a lease to run out. The tests' ten go in two waves."""


@dataclass(frozen=True)
class Verdict:
    """What came of one trial.

    Attributes:
        forked: Whether the checkpoints are not one chain.
        wrong: Results that differ from the undisturbed run's.
        errors: The types of the errors that drivers ended with.
        faults: All that is wrong, in words.
    """

    forked: bool
    wrong: int
    errors: list[str]
    faults: list[str]


@dataclass
class Tally:
    """What came of the trials of one scenario."""

    scenario: str
    trials: int = 0
    forks: int = 0
    wrong: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        self.trials += 1
        self.forks += verdict.forked
        self.wrong += verdict.wrong
        self.errors.update(verdict.errors)
        self.faults += verdict.faults

    def __str__(self) -> str:
        errors = ", ".join(f"{kind} {count}" for kind, count in sorted(self.errors.items())) or "none"
        return (
            f"{self.scenario:24} {self.trials:4} trials  {self.forks} forks  {self.wrong} wrong results"
            f"  {len(self.faults)} faults  errors: {errors}"
        )


@dataclass(frozen=True)
class Campaign:
    """Plays trials on one database."""

    stage: Stage
    calm: dict[str, Any]
    seed: int

    def tally(self, scenario: Scenario, trials: int) -> Tally:
        """Play so many trials of a scenario."""
        tally = Tally(scenario.name)
        with ThreadPoolExecutor(AT_ONCE) as workers:
            for verdict in workers.map(lambda number: self._verdict(scenario, number), range(trials)):
                tally.add(verdict)
        return tally

    def _verdict(self, scenario: Scenario, number: int) -> Verdict:
        name = f"{scenario.play.__name__}-{number}"
        with self.stage.trial(name) as trial:
            try:
                faults = list(scenario.play(trial, random.Random(f"{self.seed} {name}")))
            except AssertionError as error:
                faults = [str(error)]
            lines = trial.lines()
        said = [driver.said or {} for driver in trial.drivers]
        wrong = sum(told(one["outcome"]) != self.calm for one in said if "outcome" in one)
        if wrong:
            faults.append(f"{wrong} results differ from the undisturbed run's")
        try:
            linear_chain(self.stage.dsn, name)
            forked = False
        except AssertionError as error:
            forked = True
            faults.append(str(error))
        if not lines:
            faults.append("no specialist has done anything")
        errors = [one["error"] for one in said if "error" in one]
        return Verdict(forked, wrong, errors, [f"seed {self.seed}, {name}: {fault}" for fault in faults])


@contextmanager
def campaign(dsn: str, folder: Path, seed: int) -> Iterator[Campaign]:
    """A campaign on an empty or migrated database, with a zygote that lives as long as the context."""
    with zygote("tests.drivers.child") as forks:
        stage = Stage(dsn, forks, folder)
        yield Campaign(stage, stage.undisturbed(), seed)
