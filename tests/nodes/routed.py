"""A crew, its terms, and what routing makes of work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.nodes.planning.checks import Terms
from langgraph_quorum.nodes.planning.routing import routed
from langgraph_quorum.nodes.specialists.specialist import by_name
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import WorkItem


async def look(branch: Branch) -> str:
    return branch.task


CREW = by_name(
    [
        Specialist("first", look, type="review"),
        Specialist("second", look, type="review"),
        Specialist("tables", look, type="read", source_types=("csv", "parquet")),
        Specialist("anything", look, type="read"),
        Specialist("other", look),
    ]
)


TERMS = Terms(CREW, Points.of(None), conditions={"long", "signed"}, resources={"gpu": 2, "seats": 0.5})
FIRST = SyncPolicy(name="first", branches=("a", "b"))


def refusal(work: Any, terms: Terms = TERMS) -> str:
    with pytest.raises(PlanError) as refused:
        routed(work, terms)
    return str(refused.value)


def with_points(*policies: SyncPolicy) -> Terms:
    return Terms(CREW, Points.of(policies))


def branches(*names: str, **more: Sequence[str]) -> list[WorkItem]:
    """Branches without prerequisites, then branches with those that are given."""
    free = [WorkItem(branch_id=name, specialist="other") for name in names]
    return free + [WorkItem(branch_id=name, specialist="other", depends_on=list(on)) for name, on in more.items()]


def who(*work: dict[str, Any]) -> list[str]:
    items = [{"branch_id": f"b{number}", **item} for number, item in enumerate(work)]
    return [item["specialist"] for item in routed(items, TERMS)]  # type: ignore[arg-type]
