"""One trial: some runs of one scenario, driven by processes that are killed one after the other, until all have ended.

Processes die, the server does not, so `fsync` may be off: what the server has taken, it has.
"""

from __future__ import annotations

import json
import random
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tests.crashes.kept import Kept
from tests.crashes.killing import Killed
from tests.crashes.ledger import read
from tests.crashes.processes import Child, Start
from tests.crashes.scenario import Scenario
from tests.storm.child import Order
from tests.storm.interception import ledger_of, promised
from tests.storm.moments import Extent, Moment, drawn
from tests.storm.scenes import SCENES

WITHIN_S = 90.0
MOST_KILLS = 8
MOST_THREADS = 4
FRESH = 0.05
"""Share of the trials on a database of their own, whose tables do not stand yet."""


@dataclass(frozen=True)
class Plan:
    """What a seed stands for.

    Attributes:
        seed: The seed.
        scene: The scenario.
        runs: How many of it are driven at once by each process, from 1.
        kills: Processes that are to be killed before one is left in peace.
        fresh: Whether the tables have yet to be made.
    """

    seed: int
    scene: Scenario
    runs: int
    kills: int
    fresh: bool

    @classmethod
    def of(cls, seed: int) -> Plan:
        """The plan of a seed, always the same."""
        dice = random.Random(seed)
        scene = SCENES[dice.choice(sorted(SCENES))]
        runs = dice.choice((1, 1, 2, 3, MOST_THREADS))
        return cls(seed, scene, runs, dice.randint(2, MOST_KILLS), dice.random() < FRESH)

    @property
    def threads(self) -> list[str]:
        return [f"{self.scene.name}-{self.seed}-{number}" for number in range(self.runs)]


@dataclass(frozen=True)
class Death:
    """One process that was killed.

    Attributes:
        moment: That it was told.
        runs: How each run stood just then, by thread.
        promised: By thread, branches that a saver had said are written.
        written: By thread, branches that were written, also beside a checkpoint that had not come.
        later: By thread, branches stored when the next process was gone: also what was on its way to the server.
    """

    moment: Moment
    runs: Mapping[str, Killed]
    promised: Mapping[str, set[str]]
    written: Mapping[str, set[str]]
    later: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """How a trial went.

    Attributes:
        plan: What was tried.
        deaths: Its processes that were killed.
        outcomes: By thread; empty when the last process did not end well.
        said: What that process has said then.
        counts: What it has counted.
        seconds: It took.
        dsn: The database.
        folder: Where the ledgers are.
    """

    plan: Plan
    deaths: list[Death]
    outcomes: Mapping[str, Any]
    said: str
    counts: Mapping[str, int]
    seconds: float
    dsn: str
    folder: Path


@dataclass(frozen=True)
class Weather:
    """Where trials take place.

    Attributes:
        dsn: A database that they share.
        start: Forks children of `tests.storm.child`.
        folder: For their files.
    """

    dsn: str
    start: Start
    folder: Path

    def calm(self, scene: Scenario) -> Told:
        """One run with nobody killed."""
        return self._tried(Plan(-1, scene, 1, 0, fresh=False), self.dsn, Extent({}, 0))

    def stormed(self, plan: Plan, extent: Extent, judge: Callable[[Told], list[str]]) -> tuple[Told, list[str]]:
        """The trial of a plan, and what the judge says of it while its database is there."""
        with database_on(self.dsn) if plan.fresh else nullcontext(self.dsn) as dsn:
            trial = self._tried(plan, dsn, extent)
            return trial, judge(trial)

    def _tried(self, plan: Plan, dsn: str, extent: Extent) -> Told:
        dice, deaths = random.Random(plan.seed), list[Death]()
        with psycopg.connect(dsn, autocommit=True) as connection:
            kept = {thread: Kept(connection, thread) for thread in plan.threads}
            while True:
                moment = drawn(dice, extent, len(deaths)) if len(deaths) < plan.kills else None
                began = time.monotonic()
                code, child = self._lived(plan, dsn, moment)
                for death in deaths[-1:]:
                    death.later.update({thread: one.records() for thread, one in kept.items()})
                if code != -signal.SIGKILL or moment is None:
                    break
                deaths.append(self._stands(moment, child.pid, kept))
        text = child.output.read_text() if child.output.exists() else ""
        report = json.loads(text.splitlines()[-1]) if code == 0 else {"outcomes": {}, "counts": {}}
        seconds = time.monotonic() - began
        return Told(plan, deaths, report["outcomes"], text, report["counts"], seconds, dsn, self.folder)

    def _lived(self, plan: Plan, dsn: str, moment: Moment | None) -> tuple[int, Child]:
        """One process, from its fork to its end; its exit code."""
        own = None if moment is None or moment.delay_s is not None else vars(moment)
        order = Order(plan.scene.name, dsn, plan.threads, str(self.folder), own)
        child = self.start([json.dumps(vars(order))], self.folder / f"{plan.threads[0]}.out")
        child.ends_within(WITHIN_S if moment is None or moment.delay_s is None else moment.delay_s)
        child.signal(signal.SIGKILL)  # changes nothing for one that has ended
        return child.reap(), child

    def _stands(self, moment: Moment, pid: int, kept: Mapping[str, Kept]) -> Death:
        promises = {thread: promised(self.folder, thread) for thread in kept}
        lines = {thread: len(read(ledger_of(self.folder, thread))) for thread in kept}
        runs = {thread: Killed(pid, lines[thread], one.records()) for thread, one in kept.items()}
        return Death(moment, runs, promises, {thread: one.written() for thread, one in kept.items()})


@contextmanager
def database_on(dsn: str) -> Iterator[str]:
    """A database without tables, gone afterwards with whoever is still connected."""
    name = f"storm_{uuid.uuid4().hex}"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    yield make_conninfo(dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
