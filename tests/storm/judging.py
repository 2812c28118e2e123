"""What must hold of every trial, and does not: in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.crashes.judging import done_again, out_of_order, told
from tests.crashes.killing import Killed, Story
from tests.crashes.ledger import Line, read
from tests.crashes.scenario import Scenario
from tests.drivers.chain import linear_chain
from tests.storm.interception import ledger_of
from tests.storm.trial import Death, Told


def wrong(trial: Told, calm: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a trial.

    Args:
        trial: How it went. Its database must still be there.
        calm: The outcome of an undisturbed run.
    """
    if not trial.outcomes:
        return [f"it did not end after {len(trial.deaths)} kills: {trial.said[-3000:] or 'it says nothing'}"]
    return [
        f"{thread}: {fault}"
        for thread in trial.plan.threads
        for fault in (
            *_of_processes(trial, thread),
            *_of_promises(trial.deaths, thread),
            *_of_order(trial.deaths, thread),
            *_of_chain(trial.dsn, thread),
            *_of_outcome(trial.plan.scene, trial.outcomes[thread], calm),
        )
    ]


def _of_processes(trial: Told, thread: str) -> Iterator[str]:
    lines = read(ledger_of(trial.folder, thread))
    deaths = [death for death in trial.deaths if thread in death.runs]
    yield from done_again(_story(lines, [death.runs[thread] for death in deaths]))
    # What was on its way when a process died may have arrived; then the next one counts it.
    arrived = [replace(death.runs[thread], kept=death.later.get(thread, {})) for death in deaths]
    yield from out_of_order(trial.plan.scene, _story(lines, arrived))


def _story(lines: list[Line], killed: list[Killed]) -> Story:
    return Story(lines, killed, None, {})


def _of_promises(deaths: list[Death], thread: str) -> Iterator[str]:
    for number, death in enumerate(deaths, 1):
        there = death.written[thread] | death.runs[thread].kept.keys()
        if lost := death.promised[thread] - there:
            yield f"{sorted(lost)} were said to be written before kill {number} ({death.moment}) and are not there"


def _of_order(deaths: list[Death], thread: str) -> Iterator[str]:
    """A branch that is stored without the checkpoint that it belongs to is done again."""
    for number, death in enumerate(deaths, 1):
        if thread in death.runs and (ahead := death.written[thread] - death.runs[thread].kept.keys()):
            yield f"{sorted(ahead)} were written ahead of their checkpoint before kill {number} ({death.moment})"


def _of_chain(dsn: str, thread: str) -> Iterator[str]:
    try:
        linear_chain(dsn, thread)
    except AssertionError as error:
        yield str(error)


def _of_outcome(scene: Scenario, outcome: dict[str, Any], calm: Mapping[str, Any]) -> Iterator[str]:
    now, then = told(outcome), told(dict(calm))
    if scene.timed:  # a kill may take what a clock would have given
        now, then = _untimed(scene, now), _untimed(scene, then)
    for name in then:
        if now[name] != then[name]:
            yield f"{name} is {now[name]}, undisturbed it is {then[name]}"


def _untimed(scene: Scenario, outcome: dict[str, Any]) -> dict[str, Any]:
    branches = {name: record for name, record in outcome["branches"].items() if name not in scene.timed}
    return {"status": outcome["status"], "branches": branches}
