"""Parallel, sequential or adaptive: the rule, and what it allows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import ModePolicy
from langgraph_quorum.state.ports import Capacity
from langgraph_quorum.state.records import Mode

ModeChoice = Literal["auto", "parallel", "sequential", "adaptive"]
MODES: tuple[ModeChoice, ...] = get_args(ModeChoice)


@dataclass(frozen=True, slots=True)
class Demand:
    """What the work asks for.

    Attributes:
        complexity: 0..1.
        dependency: Share of branches that wait for others, 0..1.
        needs_cpu: Whether any branch takes CPU.
        memory_mb: Memory of the hungriest branch; 0 when none says.
    """

    complexity: float
    dependency: float
    needs_cpu: bool
    memory_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may run at once.

    Attributes:
        mode: The mode that was picked.
        at_once: Branches at once; where `adaptive` starts.
        ceiling: Where `adaptive` stops growing.
        cpu_at_once: Cores that running branches may take together.
        why: The rule that applied, with its figures.
    """

    mode: Mode
    at_once: int
    ceiling: int
    cpu_at_once: float
    why: str


def check_mode(mode: str) -> ModeChoice:
    """The mode, refused when there is no such one.

    Raises:
        ConfigurationError: naming the modes.
    """
    for known in MODES:
        if mode == known:
            return known
    raise ConfigurationError("mode", mode, f"give one of {', '.join(MODES)}")


def choose_mode(demand: Demand, capacity: Capacity, policy: ModePolicy, forced: str = "auto") -> Allowance:
    """Pick the mode and what it allows.

    `parallel` when complexity is above 0.8 and free CPU above 0.7; `sequential` when dependency is above 0.6; else
    `adaptive` (the policy's defaults). Work that only waits on I/O does not ask for free CPU. Whatever the mode, no
    more run at once than fit into free memory.

    Args:
        demand: What the work asks for.
        capacity: What the machine can give.
        policy: The thresholds.
        forced: A mode to take whatever was measured, or "auto".
    """
    mode, why = _rule(demand, capacity, policy)
    if forced != "auto":
        mode, why = forced, f"{forced} was asked for"  # type: ignore[assignment]
    fits = policy.io_at_once
    if demand.memory_mb > 0:
        fits = max(1, min(fits, int(capacity.free_memory_bytes / (demand.memory_mb * 1024 * 1024))))
    if mode == "parallel":
        return Allowance(mode, fits, fits, float(min(policy.parallel_at_once, capacity.free_workers)), why)
    if mode == "sequential":
        return Allowance(mode, 1, 1, float(capacity.cpus), why)
    return Allowance(mode, min(policy.adaptive_start, fits), fits, float(capacity.cpus), why)


def _rule(demand: Demand, capacity: Capacity, policy: ModePolicy) -> tuple[Mode, str]:
    complexity, dependency = demand.complexity, demand.dependency
    enough_cpu = not demand.needs_cpu or capacity.free_cpu > policy.free_cpu_above
    cpu = f"free CPU {capacity.free_cpu:.2f}" if demand.needs_cpu else "no branch needs CPU"
    if complexity > policy.complexity_above and enough_cpu:
        return "parallel", f"complexity {complexity:.2f} is above {policy.complexity_above:g} and {cpu}"
    if dependency > policy.dependency_above:
        return "sequential", f"{dependency:.0%} of the branches wait for others, above {policy.dependency_above:.0%}"
    return "adaptive", (
        f"complexity {complexity:.2f} (parallel above {policy.complexity_above:g}), {cpu}, "
        f"{dependency:.0%} of the branches wait for others (sequential above {policy.dependency_above:.0%})"
    )
