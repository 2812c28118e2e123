"""What happens in a run, as whoever watches it is told: a closed union of frozen events, each also as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias

from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.state.errors import ResultError
from langgraph_quorum.state.records import BranchRecord, RunStatus, SyncDecision


@dataclass(frozen=True, slots=True)
class _Event:
    kind: ClassVar[str]

    thread_id: str

    def as_dict(self) -> dict[str, Any]:
        """The event as JSON values: its kind under `event`, then its fields.

        A question's payload that is no JSON is given as text.
        """
        return {"event": self.kind, **{field.name: _plain(getattr(self, field.name)) for field in fields(self)}}


@dataclass(frozen=True, slots=True)
class RunStarted(_Event):
    """The first event of every watcher.

    Attributes:
        workflow: The name of the workflow.
        task: What the run is to do; "" when nobody has said.
        at: When it was first started, UTC, ISO 8601.
    """

    kind: ClassVar[str] = "run_started"

    workflow: str
    task: str
    at: str


@dataclass(frozen=True, slots=True)
class NodeEnded(_Event):
    """A node of the graph has ended. A branch's own node is not told of: `BranchEnded` is.

    Attributes:
        node: Its name.
        at: When its superstep was over, UTC, ISO 8601; None while other nodes of the superstep go on.
    """

    kind: ClassVar[str] = "node_ended"

    node: str
    at: str | None


@dataclass(frozen=True, slots=True)
class BranchEnded(_Event):
    """A branch has ended, of whatever kind; one that is sent out again ends again.

    Attributes:
        record: All about it.
    """

    kind: ClassVar[str] = "branch_ended"

    record: BranchRecord


@dataclass(frozen=True, slots=True)
class PointReleased(_Event):
    """A sync point has moved on.

    Attributes:
        decision: With the figures it rests on.
    """

    kind: ClassVar[str] = "point_released"

    decision: SyncDecision


@dataclass(frozen=True, slots=True)
class QuestionAsked(_Event):
    """A human is asked.

    Attributes:
        id: Of the interrupt: answers are given under it.
        payload: What is asked.
    """

    kind: ClassVar[str] = "question_asked"

    id: str
    payload: Any


@dataclass(frozen=True, slots=True)
class QuestionAnswered(_Event):
    """The answer to a question has arrived, or is not needed any more.

    Attributes:
        id: Of the interrupt.
    """

    kind: ClassVar[str] = "question_answered"

    id: str


@dataclass(frozen=True, slots=True)
class RunEnded(_Event):
    """Nobody drives the run any more. The last event of every watcher.

    Attributes:
        status: How the run stands: finished, waiting for a human, or interrupted (its driver may have been killed).
        at: When that was entered, UTC, ISO 8601; of a driver that was killed its last entry.
        reason: Why it failed or was cancelled; None when nobody said, or it ended otherwise.
    """

    kind: ClassVar[str] = "run_ended"

    status: RunStatus
    at: str
    reason: str | None = None


RunEvent: TypeAlias = RunStarted | NodeEnded | BranchEnded | PointReleased | QuestionAsked | QuestionAnswered | RunEnded


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = dict(value)
    try:
        return jsonable(value, "payload")
    except ResultError:
        return repr(value)
