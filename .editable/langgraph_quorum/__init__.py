"""Fan one task out to specialists on LangGraph, move on at a quorum of good answers, and never lose finished work."""

from typing import TYPE_CHECKING, Any

from langgraph_quorum.graphs.workflow import Tuning, build_workflow
from langgraph_quorum.nodes.specialists.specialist import Resources, Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import QuorumError
from langgraph_quorum.state.policies import ModePolicy, Policies, SyncPolicy, ValidationPolicy, WeightPolicy
from langgraph_quorum.state.workflow import QuorumContext

if TYPE_CHECKING:
    from langgraph_quorum.orchestration.orchestrator import Orchestrator
    from langgraph_quorum.orchestration.run import Run

__all__ = [
    "Branch",
    "ModePolicy",
    "Orchestrator",
    "Policies",
    "QuorumContext",
    "QuorumError",
    "Resources",
    "Run",
    "Specialist",
    "SyncPolicy",
    "Tuning",
    "ValidationPolicy",
    "WeightPolicy",
    "build_workflow",
]


def __getattr__(name: str) -> Any:
    """Import what needs a Postgres driver only when it is asked for: a graph alone runs without one."""
    if name == "Orchestrator":
        from langgraph_quorum.orchestration.orchestrator import Orchestrator  # noqa: PLC0415

        return Orchestrator
    if name == "Run":
        from langgraph_quorum.orchestration.run import Run  # noqa: PLC0415

        return Run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
