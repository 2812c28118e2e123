"""The state of any run of a workflow, read without its graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver

from langgraph_quorum.orchestration.history import read_history
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.run_reader import RunReader
from langgraph_quorum.orchestration.sighting import Sighting, StepSeen
from langgraph_quorum.state.errors import ConfigurationError

_OURS = "workflow_id"
"""A field of the state that every workflow has from its first node on."""
_FIRST = ({"__start__"}, {"analyzer"})
"""What follows a state of ours before that node has ended."""


@dataclass(frozen=True, slots=True)
class StoredState:
    """A run as it stands.

    Attributes:
        run: As the register has it.
        values: The state's fields, with what branches have stored since; empty where nothing has happened yet.
        questions: What a human is being asked, by interrupt id.
    """

    run: StoredRun
    values: Mapping[str, Any] = field(default_factory=dict)
    questions: Mapping[str, Any] = field(default_factory=dict)


async def read_state(pool: Pool, saver: BaseCheckpointSaver[Any], run: StoredRun) -> StoredState:
    """How the run stands by its latest checkpoint and what was stored since.

    Raises:
        ConfigurationError: the run is one of a graph that is no workflow of ours.
        BlockedTypeError: the run holds a class that was not allowed to this saver.
        SealError: it is encrypted, and not for our keys.
        DatabaseError: the database cannot be used.
    """
    with database_errors(f"reading thread {run.thread_id!r}"):
        stored = await saver.aget_tuple(RunnableConfig(configurable={"thread_id": run.thread_id}))
    if stored is None:
        return StoredState(run)
    values = stored.checkpoint["channel_values"]
    if _OURS not in values:
        (latest,) = await read_history(saver, run.thread_id, limit=1)
        if set(latest.next) not in _FIRST:
            mend = "it is no run of a workflow made by build_workflow; `quorum show` tells how it stands"
            raise ConfigurationError("thread_id", run.thread_id, mend)
        return StoredState(run)
    known = Sighting(run, (StepSeen(stored.checkpoint["id"]),))
    tasks = (await RunReader(saver, pool, run.thread_id).read(run, known)).steps[-1].tasks
    new = {record["branch_id"]: record for task in tasks for record in task.records}
    decisions = [decision for task in tasks for decision in task.decisions]
    return StoredState(
        run,
        {
            **{name: value for name, value in values.items() if not name.startswith(("__", "branch:to:", "join:"))},
            "branches": {**values.get("branches", {}), **new},
            "sync": [*values.get("sync", []), *decisions],
        },
        {name: asked for task in tasks if not task.answered for name, asked in task.questions.items()},
    )


def in_short(questions: Iterable[Any]) -> list[str]:
    """What is being asked, one line each."""
    return [_question(asked) for asked in questions]


def _question(asked: Any) -> str:
    review = asked.get("review") if isinstance(asked, Mapping) else None
    if not isinstance(review, Mapping):
        return str(asked.get("question", asked) if isinstance(asked, Mapping) else asked)
    before = f" before the {review['before'].replace('_', ' ')}" if review.get("before") else ""
    until = f", until {review['expires_at']}" if review.get("expires_at") else ""
    return f"a human is asked about the {review.get('kind', 'result')}{before}{until}"
