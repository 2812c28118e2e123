"""Running a workflow in a test: the machine's capacity is fixed, so that nothing needs a thread or real time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum import Branch, QuorumContext, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.nodes.merging.strategies import StrategyName
from langgraph_quorum.nodes.planning.mode import ModeChoice
from langgraph_quorum.state.policies import Policies, RecoveryPolicy, ValidationPolicy
from langgraph_quorum.state.ports import Capacity
from langgraph_quorum.state.records import BranchStatus


class FixedCapacity:
    """A machine of four idle cores."""

    async def measure(self) -> Capacity:
        return Capacity(cpus=4, free_cpu=0.9, free_memory_bytes=8 * 1024**3, free_workers=4)


FIXED = QuorumContext(capacity=FixedCapacity())
PATIENT = SyncPolicy(threshold=1.0, deadline_s=1000)


class Crew:
    """Specialists that count their calls, by branch."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.branches: list[Branch] = []

    def sleeps(self, name: str, seconds: float, **settings: Any) -> Specialist:
        """Answers after some seconds."""

        async def run(branch: Branch) -> dict[str, Any]:
            self._note(branch)
            await asyncio.sleep(seconds)
            return {"by": name, "inputs": branch.inputs}

        return Specialist(name, run, **settings)

    def fails(self, name: str, error: Exception, *, times: int = 10_000, **settings: Any) -> Specialist:
        """Raises so many times, then answers."""

        async def run(branch: Branch) -> dict[str, Any]:
            self._note(branch)
            if self.calls[branch.branch_id] <= times:
                raise error
            return {"by": name}

        return Specialist(name, run, **settings)

    def scores(self, name: str, *confidences: float, **settings: Any) -> Specialist:
        """Answers with one confidence after the other; the last one stays."""

        async def run(branch: Branch) -> dict[str, Any]:
            self._note(branch)
            turn = min(self.calls[branch.branch_id], len(confidences))
            return {"by": name, "turn": turn, "confidence": confidences[turn - 1]}

        return Specialist(name, run, **settings)

    def _note(self, branch: Branch) -> None:
        self.calls[branch.branch_id] += 1
        self.branches.append(branch)


def compiled(
    *specialists: Specialist,
    sync: SyncPolicy | Sequence[SyncPolicy] = PATIENT,
    saver: Any = None,
    mode: ModeChoice = "parallel",
    validation: ValidationPolicy | None = None,
    recovery: RecoveryPolicy | None = None,
    merge: StrategyName = "merge_all",
    **tuned: Any,
) -> Any:
    """The compiled workflow."""
    policies = Policies(validation=validation or ValidationPolicy(), recovery=recovery or RecoveryPolicy())
    tuning = Tuning(policies=policies, **tuned)
    return build_workflow(specialists, sync, merge, mode, tuning).compile(checkpointer=saver)


async def run(
    *specialists: Specialist, work: list[dict[str, Any]] | None = None, config: Any = None, **settings: Any
) -> dict[str, Any]:
    """What a workflow of these specialists gives back."""
    given: dict[str, Any] = {"task": "look"} if work is None else {"task": "look", "work": work}
    result: dict[str, Any] = await compiled(*specialists, **settings).ainvoke(given, config, context=FIXED)
    return result


def statuses(result: Mapping[str, Any]) -> dict[str, BranchStatus]:
    """How each branch ended."""
    return {name: record["status"] for name, record in sorted(result["branches"].items())}


def thread(name: str = "t") -> dict[str, Any]:
    """The config of a thread."""
    return {"configurable": {"thread_id": name}}
