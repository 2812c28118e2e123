"""Fan one task out to specialists on LangGraph, move on at a quorum of good answers, and never lose finished work."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langgraph_quorum.graphs.nested import workflow_specialist
    from langgraph_quorum.graphs.workflow import Tuning, build_workflow
    from langgraph_quorum.nodes.alone.branch import quorum_branch
    from langgraph_quorum.nodes.alone.memory import QuorumBranches
    from langgraph_quorum.nodes.alone.sending import fan_out
    from langgraph_quorum.nodes.artifacts.access import artifact_store
    from langgraph_quorum.nodes.branching.harvest import late_results
    from langgraph_quorum.nodes.branching.thread_pool import thread_statistics
    from langgraph_quorum.nodes.checking.check import Check, Checked
    from langgraph_quorum.nodes.merging.consensus import Consensus
    from langgraph_quorum.nodes.merging.hierarchical import Hierarchical
    from langgraph_quorum.nodes.merging.merge import merge
    from langgraph_quorum.nodes.merging.resolve import Resolve
    from langgraph_quorum.nodes.merging.scored import Scored
    from langgraph_quorum.nodes.merging.strategies import Made
    from langgraph_quorum.nodes.merging.suggestion import suggest_strategy
    from langgraph_quorum.nodes.merging.synthesis import Synthesis
    from langgraph_quorum.nodes.specialists.specialist import Resources, Specialist
    from langgraph_quorum.orchestration.orchestrator import Orchestrator
    from langgraph_quorum.orchestration.run import Run
    from langgraph_quorum.orchestration.sync import SyncOrchestrator
    from langgraph_quorum.state.branch import Answer, Branch
    from langgraph_quorum.state.errors import QuorumError
    from langgraph_quorum.state.policies import (
        GrowthPolicy,
        ModePolicy,
        Policies,
        RecoveryPolicy,
        ValidationPolicy,
        WeightPolicy,
    )
    from langgraph_quorum.state.sync_policy import SyncPolicy
    from langgraph_quorum.state.thread_policy import ThreadPolicy
    from langgraph_quorum.state.workflow import QuorumContext

__all__ = [
    "Answer",
    "Branch",
    "Check",
    "Checked",
    "Consensus",
    "GrowthPolicy",
    "Hierarchical",
    "Made",
    "ModePolicy",
    "Orchestrator",
    "Policies",
    "QuorumBranches",
    "QuorumContext",
    "QuorumError",
    "RecoveryPolicy",
    "Resolve",
    "Resources",
    "Run",
    "Scored",
    "Specialist",
    "SyncOrchestrator",
    "SyncPolicy",
    "Synthesis",
    "ThreadPolicy",
    "Tuning",
    "ValidationPolicy",
    "WeightPolicy",
    "artifact_store",
    "build_workflow",
    "fan_out",
    "late_results",
    "merge",
    "quorum_branch",
    "suggest_strategy",
    "thread_statistics",
    "workflow_specialist",
]

_HOMES = {
    "nodes.checking.check": ("Check", "Checked"),
    "nodes.merging.consensus": ("Consensus",),
    "nodes.merging.hierarchical": ("Hierarchical",),
    "nodes.merging.resolve": ("Resolve",),
    "nodes.merging.synthesis": ("Synthesis",),
    "nodes.merging.suggestion": ("suggest_strategy",),
    "graphs.nested": ("workflow_specialist",),
    "graphs.workflow": ("Tuning", "build_workflow"),
    "nodes.alone.branch": ("quorum_branch",),
    "nodes.alone.memory": ("QuorumBranches",),
    "nodes.alone.sending": ("fan_out",),
    "nodes.artifacts.access": ("artifact_store",),
    "nodes.branching.harvest": ("late_results",),
    "nodes.branching.thread_pool": ("thread_statistics",),
    "nodes.merging.merge": ("merge",),
    "nodes.merging.scored": ("Scored",),
    "nodes.merging.strategies": ("Made",),
    "nodes.specialists.specialist": ("Resources", "Specialist"),
    "orchestration.orchestrator": ("Orchestrator",),
    "orchestration.run": ("Run",),
    "orchestration.sync": ("SyncOrchestrator",),
    "state.branch": ("Answer", "Branch"),
    "state.errors": ("QuorumError",),
    "state.policies": ("GrowthPolicy", "ModePolicy", "Policies", "RecoveryPolicy", "ValidationPolicy", "WeightPolicy"),
    "state.sync_policy": ("SyncPolicy",),
    "state.thread_policy": ("ThreadPolicy",),
    "state.workflow": ("QuorumContext",),
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: a graph alone runs without a Postgres driver, `quorum --help` without both."""
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(importlib.import_module(f"{__name__}.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
