"""Scenarios that go on after their first fan-out, or in another graph: questions, growth, rounds, bundles, nesting."""

from __future__ import annotations

from dataclasses import replace

from langgraph_quorum import build_workflow
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.graphs.workflow import QuorumBuilder
from tests.crashes.crew import Crew
from tests.crashes.joining import ALL, item, workers
from tests.crashes.scenario import Kill, Scenario, after

QUESTION = Scenario(
    "question",
    workers,
    [item("a"), item("b"), item("asking", asks="May I?")],
    (
        Kill(("a",), asked=True),
        *after("b"),
        Kill(answer="yes", seen=(("told", "asking", 1),)),
    ),
    answer="yes",
)

PARKED = Scenario(
    "parked",
    lambda crew: workers(crew, replace(ALL, threshold=0.6, grace_s=600, on_question="park")),
    [item("a"), item("b"), item("asking", asks="May I?")],
    (
        Kill(("a",), kept=("a", "asking")),
        Kill(("b",), asked=True),
        Kill(answer="yes", seen=(("told", "asking@1", 1),)),
    ),
    answer="yes",
)

GROWTH = Scenario(
    "growth",
    workers,
    [item("r", grows=[item("a", grows=[item("c")]), item("b", depends_on=("a",))])],
    (
        *after("r"),
        Kill(seen=(("start", "r/a@1", 1),)),
        *after("r/a@1", "r/b@1"),
        Kill(seen=(("start", "r/a/c@2", 1),)),
    ),
    needs={"r/a": ("r",), "r/b": ("r/a",), "r/a/c": ("r/a", "r/b")},
)

ROUNDS = Scenario(
    "rounds",
    workers,
    [item("fine"), item("weak", confidence=[0.3, 0.95]), item("poor", confidence=[0.3, 0.95])],
    after("fine", "weak", "poor", "poor@1"),
)

BUNDLES = Scenario(
    "bundles",
    lambda crew: workers(crew, bundle=3),
    [item(name) for name in "abcdef"],
    (
        Kill(("a", "b"), kept=(), seen=(("end", "a", 1), ("end", "b", 1))),
        Kill(("a", "b", "c", "d"), kept=("a", "b", "c"), seen=(("end", "d", 1),)),
        Kill(("d", "e"), kept=(), seen=(("end", "d", 1), ("end", "e", 1))),
    ),
)

DRAIN = Scenario(
    "drain",
    workers,
    [item("a"), item("b"), item("c"), item("d")],
    (
        Kill(("a",), drains=""),
        Kill(("b",), drains="d"),
    ),
)


def _nested(crew: Crew) -> QuorumBuilder:
    inner = build_workflow([crew.worker("worker")], ALL, "merge_all", "parallel")
    return build_workflow([crew.worker("worker"), workflow_specialist("whole", inner)], ALL, "merge_all", "parallel")


NESTED = Scenario(
    "nested",
    _nested,
    [item("x"), item("w", specialist="whole", work=[item("i1"), item("i2"), item("i3", depends_on=("i1",))])],
    after("i1", "x", "i2"),
    needs={"i3": ("i1",)},
)
