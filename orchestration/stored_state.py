"""The state of any run, read without its graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from langgraph_quorum.orchestration.history import read_history
from langgraph_quorum.orchestration.outcome import ours
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.run_reader import RunReader
from langgraph_quorum.orchestration.sighting import Sighting, StepSeen, TaskSeen
from langgraph_quorum.state.errors import ConfigurationError

_FIRST = ({"__start__"}, {"analyzer"})
"""What follows a state of ours before that node has ended."""
_LANGGRAPHS = ("__", "branch:to:", "join:")
"""How the names of channels begin that are no fields."""


@dataclass(frozen=True, slots=True)
class StoredState:
    """A run as it stands.

    Attributes:
        run: As the register has it.
        checkpoint: The latest one; None where nothing has happened yet.
        fields: The state's fields in it.
        tasks: What has begun since.
    """

    run: StoredRun
    checkpoint: CheckpointTuple | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    tasks: Sequence[TaskSeen] = ()

    @property
    def ours(self) -> bool:
        """Whether it is the state of a workflow whose first node has ended."""
        return ours(self.fields)

    @property
    def values(self) -> Mapping[str, Any]:
        """The fields; of a workflow with the branches and decisions that have been stored since."""
        if not self.ours:
            return self.fields
        records = {record["branch_id"]: record for task in self.tasks for record in task.records}
        decisions = [decision for task in self.tasks for decision in task.decisions]
        branches, sync = self.fields.get("branches", {}), self.fields.get("sync", [])
        return {**self.fields, "branches": {**branches, **records}, "sync": [*sync, *decisions]}

    @property
    def questions(self) -> Mapping[str, Any]:
        """What a human is being asked, by interrupt id."""
        return {name: asked for task in self.tasks if not task.answered for name, asked in task.questions.items()}


async def read_state(pool: Pool, saver: BaseCheckpointSaver[Any], run: StoredRun) -> StoredState:
    """How the run stands by its latest checkpoint and what was stored since, whatever its graph is.

    Raises:
        BlockedTypeError: the run holds a class that was not allowed to this saver.
        SealError: it is encrypted, and not for our keys.
        DatabaseError: the database cannot be used.
    """
    with database_errors(f"reading thread {run.thread_id!r}"):
        stored = await saver.aget_tuple(RunnableConfig(configurable={"thread_id": run.thread_id}))
    if stored is None:
        return StoredState(run)
    known = Sighting(run, (StepSeen(stored.checkpoint["id"]),))
    tasks = (await RunReader(saver, pool, run.thread_id).read(run, known)).steps[-1].tasks
    values = stored.checkpoint["channel_values"]
    fields = {name: value for name, value in values.items() if not name.startswith(_LANGGRAPHS)}
    return StoredState(run, stored, fields, tasks)


async def read_workflow(pool: Pool, saver: BaseCheckpointSaver[Any], run: StoredRun) -> StoredState:
    """How a run of a workflow stands; without fields before its first node has ended.

    Raises:
        ConfigurationError: the run is one of a graph that is no workflow of ours.
        BlockedTypeError: the run holds a class that was not allowed to this saver.
        SealError: it is encrypted, and not for our keys.
        DatabaseError: the database cannot be used.
    """
    state = await read_state(pool, saver, run)
    if state.checkpoint is None or state.ours:
        return state
    (latest,) = await read_history(saver, run.thread_id, limit=1)
    if set(latest.next) not in _FIRST:
        mend = "it is no run of a workflow made by build_workflow; `quorum show` tells how it stands"
        raise ConfigurationError("thread_id", run.thread_id, mend)
    return StoredState(run)


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
