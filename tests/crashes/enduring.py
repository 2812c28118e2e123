"""Scenarios of branches that do not succeed at once: tried again, handed on, hedged, late."""

from __future__ import annotations

from langgraph_quorum import SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from tests.crashes.crew import Crew
from tests.crashes.joining import ALL, GRACE_S, item, workers
from tests.crashes.scenario import Kill, Scenario, after


def _failing(crew: Crew) -> QuorumBuilder:
    specialists = [crew.worker("worker"), crew.broken("broken", attempts=1, fallback="worker")]
    return build_workflow(specialists, ALL, "merge_all", "parallel")


def _hedged(crew: Crew) -> QuorumBuilder:
    specialists = [crew.worker("worker"), crew.worker("hedged", hedge_s=0.05)]
    return build_workflow(specialists, ALL, "merge_all", "parallel")


FAILING = Scenario(
    "failing",
    _failing,
    [item("a"), item("again", failing=[1]), item("handed", specialist="broken")],
    (
        *after("a"),
        Kill(seen=(("start", "again", 2), ("start", "handed", 1))),  # the second attempt is cut short
        *after("handed"),
    ),
)

HEDGED = Scenario(
    "hedged",
    _hedged,
    [item("a"), item("h", specialist="hedged", slow=[1]), item("b")],
    (
        Kill(("a",), seen=(("start", "h", 2),)),  # both calls are cut short
        *after("h"),
        *after("b"),
    ),
)

_HARVEST = SyncPolicy(threshold=0.6, grace_s=GRACE_S, deadline_s=600, on_straggler="harvest")

LATE = Scenario(
    "late",
    lambda crew: workers(crew, _HARVEST),
    # Two of three are the quorum. The weak one is redone meanwhile, and `late` answers before that has ended.
    [item("fine"), item("weak", confidence=[0.3, 0.95], seconds=[0.02, 1.5]), item("late", seconds=[GRACE_S + 0.5])],
    (
        *after("fine"),
        Kill(("weak",), kept=("weak", "late"), seen=(("start", "weak@1", 1),)),
    ),
    timed=frozenset({"late"}),
)

TAKEN_IN = Scenario(
    "taken-in",
    lambda crew: workers(crew, _HARVEST),
    [
        item("fine"),
        item("weak", confidence=[0.3, 0.5, 0.95], seconds=[0.02, 1.5, 0.02]),
        item("late", seconds=[GRACE_S + 0.5]),
    ],
    (Kill(("fine", "weak", "late", "weak@1"), late=("late",), seen=(("start", "weak@2", 1),)),),
    timed=frozenset({"late"}),
)

_DEADLINE_S = 1.5
REDONE = Scenario(
    "redone",
    lambda crew: workers(crew, SyncPolicy(threshold=1.0, grace_s=0, deadline_s=_DEADLINE_S, on_straggler="harvest")),
    # Out of time in the first fan-out; the next takes the work over that goes on, or, after a kill, begins it anew. It
    # has as long to begin as the work goes on, also on a machine that others keep busy.
    [item("a"), item("late", seconds=[_DEADLINE_S + 1.3, 0.02])],
    (*after("a"), Kill(kept=("late",))),
    timed=frozenset({"late"}),
)
