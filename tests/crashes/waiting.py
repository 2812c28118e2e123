"""Scenarios of branches that are not to run, not yet, no longer, or in pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum import SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from tests.crashes.crew import Crew
from tests.crashes.joining import ALL, GRACE_S, item, workers
from tests.crashes.scenario import Kill, Scenario, after

OWN_S = 1.5
"""What an attempt may take of its own time; longer than a kill takes to follow a commit, too."""


def _knows(name: str) -> Any:
    def knows(inputs: Mapping[str, Any]) -> bool:
        return name in inputs

    return knows


CONDITIONS = Scenario(
    "conditions",
    lambda crew: workers(crew, conditions={"told": _knows("a"), "untold": _knows("nobody")}),
    [
        item("a"),
        {**item("yes", depends_on=("a",)), "when": "told"},
        {**item("no", depends_on=("a",)), "when": "untold"},
        item("last", depends_on=("no",)),
        item("end", depends_on=("yes",)),
    ],
    (Kill(("a",), kept=("a", "no", "last")), *after("yes")),
    needs={"yes": ("a",), "end": ("yes",)},
)

EARLIEST = Scenario(
    "earliest",
    workers,
    [item("a"), {**item("later"), "not_before": 0.3}, {**item("past"), "not_before": "2001-01-01T00:00:00+00:00"}],
    after("a", "later"),
)


def _resting(crew: Crew) -> QuorumBuilder:
    return build_workflow([crew.worker("worker"), crew.worker("service", attempts=1)], ALL, "merge_all", "parallel")


RESTING = Scenario(
    "resting",
    _resting,
    [item("a"), item("asks", specialist="service", resting=[0])],
    (Kill(("a", "asks")),),
)


def _split(_: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"part": 1}, {"part": 2}]


def _joined(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"parts": [result["by"] for result in results], "confidence": 0.9}


def _pieces(crew: Crew) -> QuorumBuilder:
    reader = crew.worker("reader", attempts=1, timeout_s=OWN_S, split=_split, join=_joined)
    return build_workflow([crew.worker("worker"), reader], ALL, "merge_all", "parallel")


PIECES = Scenario(
    "pieces",
    _pieces,
    [item("a"), item("book", specialist="reader", slow=[1])],
    (Kill(("a",), kept=("a", "book")), *after("book/piece-1@1")),
)

ABANDONED = Scenario(
    "abandoned",
    lambda crew: workers(crew, SyncPolicy(threshold=0.6, grace_s=GRACE_S, deadline_s=600, on_straggler="abandon")),
    # Two of three are the quorum. The weak one is redone meanwhile, and `left` goes on unheard.
    [item("fine"), item("weak", confidence=[0.3, 0.95]), item("left", slow=[1])],
    (
        *after("fine"),
        Kill(("weak",), kept=("weak", "left"), seen=(("start", "weak@1", 1),)),
    ),
    timed=frozenset({"left"}),
)
