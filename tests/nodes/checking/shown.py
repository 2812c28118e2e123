"""What a check is shown, with everything filled in but what a test is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.nodes.checking.check import Check, Checked
from langgraph_quorum.nodes.checking.running import found_at_once
from langgraph_quorum.state.merged import Attribution, CheckFinding, Dissent, Merged
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import BranchRecord, SyncDecision
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.workflow import Growth, LoadMetrics
from tests.state.written import record


def merged_of(
    value: Any = None,
    qualities: Mapping[str, float | None] | None = None,
    *,
    support: dict[str, float] | None = None,
    dissent: Sequence[tuple[str, float, list[str]]] = (),
    review: Sequence[str] = (),
) -> Merged:
    """A merged result of branches with these qualities, all of the same weight."""
    given = qualities or {}
    rows = [
        Attribution(
            branch_id=branch_id,
            specialist=branch_id,
            group="",
            weight=1 / len(given),
            raw_weight=1.0,
            quality=0.5 if quality is None else quality,
            quality_assumed=quality is None,
            seconds=1.0,
            speed=1.0,
        )
        for branch_id, quality in given.items()
    ]
    return Merged(
        status="merged" if rows else "no data",
        strategy="weighted",
        value=value,
        quality=sum(row["quality"] for row in rows) / len(rows) if rows else 0.0,
        confidence_interval=[0.0, 1.0],
        interval_method="",
        attribution=rows,
        sources_count=len(rows),
        metadata={},
        success_rate=1.0,
        quality_distribution={},
        integration_confidence=0.0,
        partial=False,
        failed=[],
        support=support or {},
        dissent=[Dissent(field=field, value="", share=share, branches=names) for field, share, names in dissent],
        discarded=[],
        sources=list(given),
        review=list(review),
    )


def checked(
    merged: Merged | None = None,
    records: Sequence[BranchRecord] = (),
    *,
    sync: SyncPolicy | None = None,
    queue: Sequence[str] | None = None,
    decisions: Sequence[SyncDecision] = (),
    refused: dict[str, str] | None = None,
    **load: Any,
) -> Checked:
    """What a check is shown of a run with these records; without a queue its branches are those of the records."""
    spent = LoadMetrics(rounds=0, redistributed=0, history={}, attempts=0, seconds=0.0, cost=0.0, why="")
    spent.update(load)  # type: ignore[typeddict-item]
    names = [record["branch_id"] for record in records] if queue is None else queue
    groups = {one["branch_id"]: one["group"] for one in records}
    return Checked(
        task="look",
        merged=merged,
        branches={one["branch_id"]: one for one in records},
        queue=[{"branch_id": name, "specialist": name, "group": groups.get(name, "")} for name in names],
        decisions=decisions,
        load=spent,
        growth=Growth(generations={}, refused=refused or {}),
        points=Points.of(sync),
        counting=lambda _: ["main"],
    )


def answers(group: str = "", /, **results: Any) -> Checked:
    """What a check is shown of a run in which these branches have given these results."""
    records: list[BranchRecord] = [{**record(name, result=result), "group": group} for name, result in results.items()]
    return checked(merged_of(None, dict.fromkeys(results)), records)


def found(check: Check, shown: Checked) -> list[CheckFinding]:
    """What a shipped check finds."""
    return found_at_once(check, shown)
