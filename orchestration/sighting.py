"""What was durable of a run at one look, and what has happened between two looks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.orchestration.events import (
    BranchEnded,
    NodeEnded,
    PointReleased,
    QuestionAnswered,
    QuestionAsked,
    RunEnded,
    RunEvent,
    RunStarted,
)
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.state.records import BranchRecord, SyncDecision


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """One task of a superstep.

    Attributes:
        task_id: LangGraph's id of it, the same after a crash.
        node: The node it runs; "" for one that speaks through its records.
        ended: Whether its result is stored.
        records: Of the branches whose ends it has written.
        decisions: Of the sync points it has written.
        questions: What it asks or has asked, by interrupt id.
        answered: Whether these have been answered.
    """

    task_id: str
    node: str = ""
    ended: bool = False
    records: tuple[BranchRecord, ...] = ()
    decisions: tuple[SyncDecision, ...] = ()
    questions: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = False


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One superstep.

    Attributes:
        checkpoint_id: Of the checkpoint it starts from.
        ended_at: Of the checkpoint that follows, UTC, ISO 8601; None while there is none.
        tasks: Those that have stored anything.
    """

    checkpoint_id: str
    ended_at: str | None = None
    tasks: tuple[TaskSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """A run at one look.

    Attributes:
        run: As the register has it.
        steps: Supersteps in the order of time; of a later look, from the last ones on that the look before has seen.
        complete: Whether these are all that are stored.
    """

    run: StoredRun
    steps: tuple[StepSeen, ...] = ()
    complete: bool = True

    @property
    def over(self) -> bool:
        """Whether nobody drives the run, and all that it left is seen."""
        return self.complete and not self.run.live


def changes(before: Sighting | None, after: Sighting) -> list[RunEvent]:
    """What has happened between two looks, in order; with no look before, all that has happened so far.

    Of the tasks of one superstep the order is not stored: they come as LangGraph numbers them.
    """
    thread_id = after.run.thread_id
    events: list[RunEvent] = []
    if before is None:
        started = after.run.created_at.isoformat()
        events.append(RunStarted(thread_id, after.run.workflow, after.run.task, started))
    known = {} if before is None else {step.checkpoint_id: step for step in before.steps}
    for step in after.steps:
        earlier = (
            {task.task_id: task for task in known[step.checkpoint_id].tasks} if step.checkpoint_id in known else {}
        )
        for task in step.tasks:
            events += _of_task(thread_id, earlier.get(task.task_id, TaskSeen(task.task_id)), task, step.ended_at)
    if after.over and not (before is not None and before.over):
        reason = after.run.reason if after.run.status in ("failed", "cancelled") else None
        events.append(RunEnded(thread_id, after.run.status, after.run.updated_at.isoformat(), reason))
    return events


def _of_task(thread_id: str, before: TaskSeen, after: TaskSeen, at: str | None) -> Iterator[RunEvent]:
    for name, payload in after.questions.items():
        asked = name in before.questions
        if not asked or before.questions[name] != payload:
            if asked and not before.answered:  # it has asked again meanwhile, so it had its answer
                yield QuestionAnswered(thread_id, name)
            yield QuestionAsked(thread_id, name, payload)
            if after.answered:
                yield QuestionAnswered(thread_id, name)
        elif after.answered and not before.answered:
            yield QuestionAnswered(thread_id, name)
    if after.ended and not before.ended:
        for record in after.records:
            yield BranchEnded(thread_id, record)
        for decision in after.decisions:
            yield PointReleased(thread_id, decision)
        if after.node:
            yield NodeEnded(thread_id, after.node, at)
