"""Scenarios of the join itself: a quorum, prerequisites, named points, limits."""

from __future__ import annotations

from typing import Any

from langgraph_quorum import SyncPolicy, Tuning, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.nodes.planning.mode import ModeChoice
from langgraph_quorum.state.records import WorkItem
from tests.crashes.crew import Crew
from tests.crashes.scenario import Kill, Scenario, after

GRACE_S = 0.8
"""Longer than a kill takes to follow a commit, also on a machine that is busy."""
ALL = SyncPolicy(threshold=1.0, grace_s=0, deadline_s=600)


def item(branch_id: str, *, specialist: str = "worker", depends_on: tuple[str, ...] = (), **payload: Any) -> WorkItem:
    """A branch, and what its payload tells the specialist."""
    made = WorkItem(branch_id=branch_id, specialist=specialist, payload=payload)
    return {**made, "depends_on": list(depends_on)} if depends_on else made


def workers(crew: Crew, sync: Any = ALL, mode: ModeChoice = "parallel", **tuned: Any) -> QuorumBuilder:
    """A workflow of one specialist."""
    return build_workflow([crew.worker("worker")], sync, "merge_all", mode, Tuning(**tuned))


THRESHOLD = Scenario(
    "threshold",
    lambda crew: workers(crew, SyncPolicy(threshold=0.75, grace_s=GRACE_S, deadline_s=600)),
    [item("a"), item("b"), item("c"), item("slow", slow=[1])],
    after("a", "b", "c"),
    timed=frozenset({"slow"}),
)

DAG = Scenario(
    "dag",
    workers,
    [item("a"), item("b", depends_on=("a",)), item("c", depends_on=("a",)), item("d", depends_on=("b", "c"))],
    after("a", "c", "b", "d"),
    needs={"b": ("a",), "c": ("a",), "d": ("b", "c")},
)

POINTS = Scenario(
    "points",
    lambda crew: workers(
        crew,
        [
            SyncPolicy(name="early", branches=("a", "b", "slow"), threshold=0.6, grace_s=GRACE_S, deadline_s=600),
            SyncPolicy(threshold=1.0, deadline_s=600),
        ],
    ),
    [item("a"), item("b"), item("slow", slow=[1]), item("c"), item("d", depends_on=("early",))],
    (
        *after("a", "b"),
        Kill(kept=("slow",), seen=(("start", "d", 1),)),  # the point has released
        *after("c"),
    ),
    needs={"d": ("a", "b")},
    timed=frozenset({"slow"}),
)

SEQUENCE = Scenario(
    "sequence",
    lambda crew: workers(crew, mode="sequential"),
    [item("a"), item("b"), item("c"), item("d")],
    after("a", "b", "c"),
    at_once=1,
)

APART = Scenario(
    "apart",
    lambda crew: workers(crew, resources={"tokens": 1}),
    [
        {**item("a"), "exclusive": ["door"]},
        {**item("b"), "exclusive": ["door"]},
        {**item("c"), "resources": {"tokens": 1}},
        {**item("d"), "resources": {"tokens": 1}},
    ],
    after("a", "c", "b"),
    apart=(frozenset("ab"), frozenset("cd")),
)
