"""The branches of an analysis, planned before it starts: what can be refused is refused while nothing is written."""

from __future__ import annotations

import os
from collections.abc import Sequence

from langgraph_quorum.nodes.specialists.document.planner import plan_documents
from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.intake import Intake
from langgraph_quorum.orchestration.cli.settings import AnalysisSettings
from langgraph_quorum.orchestration.cli.standard_input import SHOWN
from langgraph_quorum.state.records import WorkItem


def planned_work(intake: Intake, settings: AnalysisSettings) -> list[WorkItem]:
    """One branch for each document and specialist, the largest documents first.

    A source that names no document gets its branches too: they fail, so that the result says what it lacks.

    Raises:
        RefusedError: there are fewer branches than the minimum of good answers.
    """
    items = plan_documents([str(path) for path in intake.documents], settings.specialists) if intake.documents else []
    if intake.piped is not None:
        piped = plan_documents([str(intake.piped)], settings.specialists)
        items += _called(SHOWN, piped, {item["group"] for item in items})
    for source in intake.lost:
        items += _called(source, _doomed(source, settings.specialists), {item["group"] for item in items})
    items.sort(key=lambda item: (-item["measures"].get("size_bytes", 0.0), item["group"]))
    minimum = settings.sync.minimum
    if minimum > len(items):
        mend = "lower it, or name more documents or specialists"
        there = "is only 1 branch" if len(items) == 1 else f"are only {len(items)} branches"
        raise RefusedError(f"--minimum {minimum}: there {there}: {mend}")
    return items


def _doomed(source: str, specialists: Sequence[str]) -> list[WorkItem]:
    return [
        WorkItem(
            specialist=specialist,
            type=specialist,
            source_type="document",
            payload={"path": os.path.abspath(source)},  # noqa: PTH100  of a glob or an unknown user's home, too
            measures={"size_bytes": 0.0, "parts": 0.0, "depth": 0.0},
        )
        for specialist in specialists
    ]


def _called(name: str, items: Sequence[WorkItem], taken: set[str]) -> list[WorkItem]:
    """The items under a name of our choice, numbered when another document has it."""
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name} ({number})"
    return [
        WorkItem(
            **{
                **item,
                "branch_id": f"{item['specialist']}@{unique}",
                "group": unique,
                "payload": {**item["payload"], "source": unique},
            }
        )
        for item in items
    ]
