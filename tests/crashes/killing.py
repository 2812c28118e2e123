"""Takes one run through its kills to its end."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from langgraph_quorum.state.records import BranchRecord
from tests.crashes.kept import Kept
from tests.crashes.ledger import Kind, Line, of_process, read
from tests.crashes.processes import Child, Start
from tests.crashes.scenario import Kill, Scenario

WITHIN_S = 40.0
PAUSE_S = 0.005


@dataclass(frozen=True)
class Killed:
    """A process that was killed, and how things stood when it was gone.

    Attributes:
        pid: Of the process.
        lines: Length of the ledger.
        kept: The records in Postgres, by branch.
    """

    pid: int
    lines: int
    kept: dict[str, BranchRecord]


@dataclass(frozen=True)
class Story:
    """A run from its start to its end.

    Attributes:
        lines: The ledger.
        killed: Its processes that were killed.
        waited: The outcome that asked for an answer, when the last process but one has found a question open.
        outcome: The last one.
    """

    lines: list[Line]
    killed: list[Killed]
    waited: dict[str, Any] | None
    outcome: dict[str, Any]


def starts(story: Story) -> dict[str, int]:
    """How often each branch was started, all attempts and processes together."""
    return dict(Counter(line.key for line in story.lines if line.kind == "start"))


@dataclass(frozen=True)
class Stage:
    """Where runs take place: a database, a way to start processes, a folder."""

    dsn: str
    start: Start
    folder: Path

    def undisturbed(self, scenario: Scenario) -> Story:
        """The same run with nobody killed. A question is answered by a second process."""
        return self._told(scenario, "calm", ())

    def disturbed(self, scenario: Scenario) -> Story:
        """The run, killed as the scenario says and taken up each time, until it ends."""
        return self._told(scenario, "killed", scenario.kills)

    def killed_once(self, scenario: Scenario) -> Story:
        """The run, killed the first time only."""
        return self._told(scenario, "once", scenario.kills[:1])

    def _told(self, scenario: Scenario, name: str, kills: tuple[Kill, ...]) -> Story:
        thread, ledger = f"{scenario.name}-{name}", self.folder / f"{name}.ledger"
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            kept = Kept(connection, thread)
            killed = [self._killed(scenario, kill, thread, ledger, kept) for kill in kills]
            outcome, waited = self._ended(scenario, thread, ledger, None), None
            if outcome["status"] == "waiting":
                outcome, waited = self._ended(scenario, thread, ledger, scenario.answer), outcome
        return Story(read(ledger), killed, waited, outcome)

    def _killed(self, scenario: Scenario, kill: Kill, thread: str, ledger: Path, kept: Kept) -> Killed:
        child = self._child(scenario, thread, ledger, kill.answer, ["--lets", *kill.lets])
        try:
            _wait(
                child,
                lambda: (
                    _are_kept(kill, kept.records())
                    and _has_seen(ledger, child, kill.seen)
                    and (kept.asked() or not kill.asked)
                ),
            )
            if kill.drains is not None:
                child.signal(signal.SIGTERM)
            if kill.drains:
                _wait(child, lambda: _has_seen(ledger, child, [("stopped", kill.drains or "", 1)]))
        finally:
            child.signal(signal.SIGKILL)
            child.reap()
        return Killed(child.pid, len(read(ledger)), kept.records())

    def _ended(self, scenario: Scenario, thread: str, ledger: Path, answer: str | None) -> dict[str, Any]:
        child = self._child(scenario, thread, ledger, answer, [])
        try:
            _wait(child, lambda: child.ended)
        finally:
            child.signal(signal.SIGKILL)
            code = child.reap()
        text = child.output.read_text()
        assert code == 0, text
        outcome: dict[str, Any] = json.loads(text.splitlines()[-1])
        return outcome

    def _child(self, scenario: Scenario, thread: str, ledger: Path, answer: str | None, more: list[str]) -> Child:
        said = [] if answer is None else ["--answer", answer]
        return self.start([scenario.name, self.dsn, thread, str(ledger), *said, *more], ledger.with_suffix(".out"))


def _are_kept(kill: Kill, records: dict[str, BranchRecord]) -> bool:
    return kill.awaited <= records.keys() and all(records[key]["late"] for key in kill.late)


def _has_seen(ledger: Path, child: Child, seen: Iterable[tuple[Kind, str, int]]) -> bool:
    lines = {(line.kind, line.key, line.attempt) for line in of_process(read(ledger), child.pid)}
    return lines.issuperset(seen)


def _wait(child: Child, happened: Callable[[], bool]) -> None:
    """Wait for something that a child does, as long as it lives and not for ever."""
    deadline = time.monotonic() + WITHIN_S
    while not happened():
        ended = child.ended
        assert happened() or not ended, f"it ended too early: {child.output.read_text()}"
        assert time.monotonic() < deadline, f"it did not happen in time: {child.output.read_text()}"
        time.sleep(PAUSE_S)
