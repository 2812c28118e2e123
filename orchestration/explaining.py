"""Explaining a run from what is stored of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from langgraph_quorum.nodes.explaining.explain import explain
from langgraph_quorum.nodes.explaining.explanation import Explanation
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.stored_state import in_short, read_workflow

__all__ = ["Explanation", "explain", "explain_run"]


async def explain_run(pool: Pool, saver: BaseCheckpointSaver[Any], run: StoredRun) -> Explanation:
    """Say how a stored run came to its result, or how far it has come. Its graph is not needed.

    Raises:
        ConfigurationError: the run is one of a graph that is no workflow of ours.
        QuorumError: it cannot be read.
    """
    stored = await read_workflow(pool, saver, run)
    told = {"task": run.task, **_counted(stored.values)}
    telling = partial(
        explain,
        thread_id=run.thread_id,
        status=run.status,
        reason=run.reason or "",
        open_questions=in_short(stored.questions.values()),
    )
    return await asyncio.to_thread(telling, told)


def _counted(values: Mapping[str, Any]) -> dict[str, Any]:
    """The state without costs that are no numbers: they count as not reported."""
    known = dict(values)
    if isinstance(branches := values.get("branches"), Mapping):
        known["branches"] = {
            name: record if _is_number(record.get("cost")) else {**record, "cost": None}
            for name, record in branches.items()
        }
    if isinstance(load := values.get("load"), Mapping) and not _is_number(load.get("cost")):
        known["load"] = {name: value for name, value in load.items() if name != "cost"}
    return known


def _is_number(cost: Any) -> bool:
    return isinstance(cost, (int, float)) and math.isfinite(cost)
