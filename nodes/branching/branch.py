"""The wrapper around a specialist: a branch never raises, its outcome is data. Interrupts and drain do pass through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from langgraph.errors import GraphBubbleUp, GraphDrained, GraphInterrupt
from langgraph.runtime import Runtime

from langgraph_quorum.nodes.branching.admission import Ticket
from langgraph_quorum.nodes.branching.attempts import (
    AttemptTimeoutError,
    Effort,
    Seat,
    SpecialistExitError,
    answer,
    asked_to_stop,
)
from langgraph_quorum.nodes.branching.failure import describe, message_of
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.nodes.branching.rendezvous import meet
from langgraph_quorum.nodes.signatures import SpecialistNode
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch, BranchCall
from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.records import BranchRecord, BranchStatus, ErrorRecord, Quality, ReleaseReason
from langgraph_quorum.state.workflow import QuorumContext

Score = Callable[[Specialist, Branch, Any], Awaitable[Quality]]
"""Measures the quality of one result."""


_CUT_WHEN: dict[ReleaseReason, str] = {
    "quorum_met": "enough good answers were in",
    "grace_expired": "enough good answers were in",
    "decisive": "the results so far were decisive",
    "too_many_failed": "more had failed than is tolerated",
}


class _PrerequisiteMissing(Exception):  # noqa: N818  not an error: it ends the work early
    """A prerequisite ended without success."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: BranchStatus
    reason: str
    result: Any = None
    error: ErrorRecord | None = None
    quality: Quality | None = None
    release: Release | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """What all specialists' nodes of one workflow share."""

    seats: Mapping[str, Seat]
    policy: SyncPolicy
    score: Score


def branch_node(name: str, crew: Crew) -> SpecialistNode:
    """The node of one specialist: it takes a `BranchCall` and writes one record to `branches`."""

    async def specialist_node(state: BranchCall, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        policy = QuorumContext.of(runtime.context).applied_to(crew.policy)
        branch_id = state["item"]["branch_id"]
        async with meet(branch_id, state["wave"], policy, runtime) as gate:
            return {"branches": {branch_id: await _Visit(name, crew, state, gate, runtime).record()}}

    specialist_node.__name__ = name
    return specialist_node


class _Visit:
    """One branch's way through its gate."""

    def __init__(self, name: str, crew: Crew, call: BranchCall, gate: Gate, runtime: Runtime[QuorumContext]) -> None:
        self._name, self._crew, self._call, self._gate, self._runtime = name, crew, call, gate, runtime
        self._item = call["item"]
        self._effort = Effort(answered_by=name)
        self._unscored: _Outcome | None = None
        self._over = False

    async def record(self) -> BranchRecord:
        branch_id = self._item["branch_id"]
        try:
            raced = await self._gate.race(branch_id, self._work(), lambda: self._effort.began is not None)
            outcome = self._judged(raced)
        except GraphInterrupt:
            self._end(_Outcome("awaiting_human", "asks a human"))
            raise
        except GraphBubbleUp:
            raise
        except _PrerequisiteMissing as missing:
            if self._gate.awaits_human(str(missing)):
                self._end(_Outcome("awaiting_human", f"its prerequisite {missing} asks a human"))
                # Asks nothing itself; its task only must not count as done, so that it runs when the answer is in.
                raise GraphInterrupt from None
            outcome = _Outcome("skipped", f"its prerequisite {missing} did not succeed")
        except asyncio.CancelledError:
            if asked_to_stop():
                raise
            itself = SpecialistExitError("the specialist cancelled its own task")
            outcome = _Outcome("failed", str(itself), error=describe(itself, transient=False))
        except AttemptTimeoutError as error:
            outcome = _Outcome("timed_out", f"{error}", error=describe(error, transient=True))
        except Exception as error:  # noqa: BLE001  a branch never raises: its error is data
            seat = self._crew.seats[self._effort.answered_by]
            outcome = _Outcome("failed", message_of(error)[:300], error=describe(error, transient=seat.passes(error)))
        return self._end(outcome)

    async def _work(self) -> _Outcome:
        item, call = self._item, self._call
        seat = self._crew.seats[self._name]
        ticket = Ticket(
            item["branch_id"],
            call["order"],
            cpu=seat.specialist.cpu,
            cpu_now=seat.cpu,
            waits_for=set(call["waits_for"]),
            held=frozenset(call["inputs"]),
        )
        self._tell("waiting", {})
        missing = await self._gate.turn(ticket)
        if missing:
            raise _PrerequisiteMissing(missing)
        branch = Branch(
            branch_id=item["branch_id"],
            task=call["task"],
            payload=item.get("payload", {}),
            inputs={**call["inputs"], **self._gate.results_of(call["waits_for"])},
            round=call["wave"]["round"],
        )
        result = await answer(
            self._crew.seats, self._name, branch, self._effort, timeout_s=item.get("timeout_s"), notify=self._tell
        )
        self._effort.stop()
        self._unscored = _Outcome("succeeded", "its score came too late", result)
        specialist = self._crew.seats[self._effort.answered_by].specialist
        return _Outcome("succeeded", "", result, quality=await self._crew.score(specialist, branch, result))

    def _judged(self, outcome: _Outcome | Release) -> _Outcome:
        """What a release means for a branch that had not ended."""
        if not isinstance(outcome, Release):
            return outcome
        if self._unscored is not None:
            return self._unscored
        running = self._effort.began is not None
        state = "still running" if running else "still waiting for its turn"
        if outcome.reason == "drained":
            raise GraphDrained(self._runtime.drain_reason or "drained")
        if outcome.reason == "deadline_partial":
            return _Outcome("timed_out", f"{state} at the sync point's deadline", release=outcome)
        return _Outcome(
            "cut", f"{state} when {_CUT_WHEN.get(outcome.reason, 'the sync point moved on')}", release=outcome
        )

    def _end(self, outcome: _Outcome) -> BranchRecord:
        record = BranchRecord(
            branch_id=self._item["branch_id"],
            specialist=self._effort.answered_by,
            status=outcome.status,
            result=outcome.result,
            error=outcome.error,
            reason=outcome.reason,
            attempts=self._effort.attempts,
            seconds=round(self._effort.seconds, 6),
            waited_s=round(self._gate.elapsed(self._effort.began), 6),
            settled_s=round(self._gate.elapsed(), 6),
            started_at=self._effort.started_at,
            round=self._call["wave"]["round"],
            group=self._item.get("group", ""),
            quality=outcome.quality,
            release=outcome.release.reason if outcome.release is not None else None,
        )
        self._gate.settle(record)
        self._tell(record["status"], {"seconds": record["seconds"], "reason": record["reason"]})
        self._over = True
        return record

    def _tell(self, event: str, data: Mapping[str, Any]) -> None:
        if self._over:  # an abandoned straggler runs on unheard
            return
        self._runtime.stream_writer(
            {
                "quorum": "branch",
                "branch_id": self._item["branch_id"],
                "specialist": self._effort.answered_by,
                "group": self._item.get("group", ""),
                "event": event,
                "sync": self._gate.progress(),
                **data,
            }
        )
