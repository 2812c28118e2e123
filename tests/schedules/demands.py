"""Adds to a drawn scenario, each to some of them: what services demand, how work is mended, and what it grows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from langgraph_quorum.state.policies import GrowthPolicy, RecoveryPolicy
from langgraph_quorum.state.records import WorkItem
from tests.schedules.scenario import Act, Scenario


def resting(scenario: Scenario) -> Scenario:
    """Services fail, and say when they want to be asked again."""
    rng = Random(f"rests {scenario.seed}")
    return _acting(scenario, lambda act: _resting(rng, act)) if rng.random() < 0.2 else scenario


def _resting(rng: Random, act: Act) -> Act:
    if act.kind == "answer" and rng.random() < 0.3:
        act = replace(act, kind="transient")
    if act.kind not in {"transient", "permanent"} or rng.random() < 0.2:
        return act
    return replace(act, rest_s=rng.choice((0, 1, 1, 2, 5, 30)), dated=rng.random() < 0.3)


def paced(scenario: Scenario) -> Scenario:
    """Specialists may begin only so many calls a second."""
    rng = Random(f"rates {scenario.seed}")
    if rng.random() > 0.12:
        return scenario
    rates = (None, 0.5, 1.0, 3.0, 10.0)
    return replace(scenario, specialists=[{**one, "rate_limit": rng.choice(rates)} for one in scenario.specialists])


def recovering(scenario: Scenario) -> Scenario:
    """What was missed may be sent out again to somebody else, in pieces, or with more time; within bounds."""
    rng = Random(f"recovery {scenario.seed}")
    types = {one["name"]: one["type"] for one in scenario.specialists}
    work = [
        WorkItem(**{**item, "type": kind}) if (kind := types[item["specialist"]]) and rng.random() < 0.5 else item
        for item in scenario.work
    ]
    splits = rng.random() < 0.4
    specialists = [
        {
            **one,
            "pieces": rng.choice((0, 1, 2, 2, 3, -1)) if splits else 0,
            "deterministic": rng.random() < 0.2,
        }
        for one in scenario.specialists
    ]
    recovery = RecoveryPolicy(
        rounds=scenario.recovery.rounds,
        attempts=rng.choice((1, 3, 6, 12, 20)) if rng.random() < 0.2 else None,
        seconds=rng.choice((0.5, 3.0, 10.0)) if rng.random() < 0.1 else math.inf,
        cost=rng.choice((0.0, 2.0, 10.0)) if rng.random() < 0.1 else math.inf,
        longer=rng.choice((1.0, 2.0, 2.0, 5.0)),
    )
    return replace(
        scenario,
        work=work,
        specialists=specialists,
        recovery=recovery,
        strict=rng.random() < 0.6,
        merging_s=rng.choice((0.0, 0.0, 0.1, 2.0)),
    )


def growing(scenario: Scenario) -> Scenario:
    """Answers ask for further branches."""
    rng = Random(f"growth {scenario.seed}")
    if rng.random() > 0.12:
        return scenario
    names = [one["name"] for one in scenario.specialists]
    scenario = replace(scenario, growth=GrowthPolicy(rng.choice((0, 1, 2, 4, 8)), rng.choice((0, 1, 1, 2, 3))))
    return _acting(scenario, lambda act: replace(act, grows=_grown(rng, names)) if rng.random() < 0.6 else act)


def _grown(rng: Random, names: Sequence[str]) -> tuple[WorkItem, ...]:
    grown = []
    for number in range(rng.choice((1, 1, 2, 3))):
        item = WorkItem(branch_id=f"c{number}", specialist=rng.choice(names))
        if number and rng.random() < 0.3:
            item["depends_on"] = ["c0"]
        elif rng.random() < 0.1:
            item["depends_on"] = ["nobody"]
        if rng.random() < 0.2:
            item["priority"] = "high"
        grown.append(item)
    return tuple(grown)


def _acting(scenario: Scenario, change: Callable[[Act], Act]) -> Scenario:
    acts = {name: [change(act) for act in each] for name, each in scenario.acts.items()}
    return replace(scenario, acts=acts, spare=[[change(act) for act in each] for each in scenario.spare])
