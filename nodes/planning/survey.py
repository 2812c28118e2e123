"""Surveying the work: what it asks for, held against what the machine can give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from langgraph_quorum.nodes.planning.complexity import Complexity, ComplexityScale, complexity_of
from langgraph_quorum.nodes.planning.mode import Demand, choose_mode
from langgraph_quorum.nodes.planning.order import dependency_score
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.policies import ModePolicy
from langgraph_quorum.state.ports import Capacity
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import ModeDecision


@dataclass(frozen=True, slots=True)
class Survey:
    """What a mode decision rests on, besides the work and the machine.

    Attributes:
        specialists: By name.
        mode: `auto`, or the mode that is forced.
        policy: The thresholds.
        scale: What counts as complex.
    """

    specialists: Mapping[str, Specialist]
    mode: str
    policy: ModePolicy
    scale: ComplexityScale

    def decide(self, queue: Sequence[WorkItem], capacity: Capacity) -> ModeDecision:
        """Pick the mode for routed work, with every figure it rests on."""
        complexity = complexity_of(queue, self.specialists, self.scale)
        demand = self._demand(queue, complexity)
        allowance = choose_mode(demand, capacity, self.policy, self.mode)
        allocation: defaultdict[str, list[str]] = defaultdict(list)
        for item in queue:
            allocation[item["specialist"]].append(item["branch_id"])
        return ModeDecision(
            mode=allowance.mode,
            forced=self.mode != "auto",
            complexity=complexity.score,
            complexity_parts=asdict(complexity),
            dependency=demand.dependency,
            at_once=allowance.at_once,
            ceiling=allowance.ceiling,
            cpu_at_once=allowance.cpu_at_once,
            capacity=asdict(capacity),
            allocation=dict(allocation),
            why=allowance.why,
        )

    def _demand(self, queue: Sequence[WorkItem], complexity: Complexity) -> Demand:
        asked = [self.specialists[name] for name in {item["specialist"] for item in queue}]
        return Demand(
            complexity=complexity.score,
            dependency=dependency_score(queue),
            needs_cpu=any(specialist.cpu > 0 for specialist in asked),
            memory_mb=max(specialist.resources.memory_mb for specialist in asked),
        )
