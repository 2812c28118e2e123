"""What was observed of a run, event by event. The judges know nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

from langgraph_quorum.state.branch import Bundle
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.workflow import QuorumState

SITTING: ContextVar[int] = ContextVar("sitting", default=-1)
"""Which sitting the running code belongs to: one attempt of one superstep. Work that runs on keeps its own."""


class Event(NamedTuple):
    """Something that happened.

    What `data` holds, by `kind`:
        sitting: a `SittingFacts`: an attempt at a superstep begins.
        come: None; the branch's task has begun.
        gate: names of the branches that the gate was told had ended.
        start: the call's `Call`.
        answer: the same call, with its value.
        refuse: the same call; it was cancelled, and goes on for a while.
        end: the same call; it raised, or was cancelled.
        ask: None; the branch asks a human.
        settle: the branch's record.
        release: the sync point's reason.
        commit: names of the branches whose records are now safe.
        drain, cancel, crash: None; somebody outside wants that.
        limit: branches at once that the gate allows now.
        quiet: None; nothing can run before time goes on.
        over: how the sitting ended.
        late: records that were harvested.
        node: a `Passed`: a node of the workflow has come between two fan-outs.
        done: the final records.
    """

    at: float
    sitting: int
    kind: str
    name: str
    data: Any


@dataclass(frozen=True)
class SittingFacts:
    """What is known of an attempt at a superstep before it begins.

    Attributes:
        round: Of its fan-out.
        bundles: All that was sent.
        kept: Records that earlier attempts have left behind.
        asked: Whether an earlier attempt asked a human.
    """

    round: int
    bundles: Sequence[Bundle]
    kept: Mapping[str, BranchRecord]
    asked: bool


class Passed(NamedTuple):
    """The state before and after a node; and the branches whose work of earlier fan-outs it has given up."""

    before: QuorumState
    after: QuorumState
    given_up: frozenset[str] = frozenset()


class Call(NamedTuple):
    """One call of a specialist: its number over the whole run, what it was handed, and what came of it.

    `stopped` says that it was cancelled, and answered all the same; `rests_until`, when its service wants to be asked
    again, by the loop's clock; `joins`, that it joins pieces and asks no service.
    """

    number: int
    specialist: str
    attempt: int
    inputs: dict[str, Any]
    cost: float | None = None
    result: Any = None
    stopped: bool = False
    rests_until: float = 0.0
    joins: bool = False


class Journal:
    """Events in order. Nothing is heard of a process that has died."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.deaf = False
        self.faults: list[str] = []

    def note(self, at: float, kind: str, name: str = "", data: Any = None, sitting: int | None = None) -> None:
        if self.deaf:
            return
        event = Event(at, SITTING.get() if sitting is None else sitting, kind, name, data)
        if kind == "quiet" and self.events and self.events[-1].kind == "quiet":
            self.events[-1] = event  # nothing has happened since: what was overdue then is so now
        else:
            self.events.append(event)

    def fault(self, sentence: str) -> None:
        """Something that must not happen, seen on the spot."""
        if not self.deaf:
            self.faults.append(sentence)
