"""Fan one task out to specialists on LangGraph, move on at a quorum of good answers, and never lose finished work.

Here is what everyday use needs. For a closer look there are `langgraph_quorum.graphs.composition` (work in shapes),
`langgraph_quorum.nodes.scorers`, `langgraph_quorum.nodes.checks`, `langgraph_quorum.orchestration.persistence` (for
graphs that no orchestrator runs) and `langgraph_quorum.state.errors`. All else may change without notice.

A name is imported when it is asked for: a graph alone runs without a Postgres driver, `quorum --help` without both.
"""

from typing import TYPE_CHECKING

from langgraph_quorum.state.exports import lazily

if TYPE_CHECKING:
    from langgraph_quorum.graphs.nested import workflow_specialist
    from langgraph_quorum.graphs.tool import as_tool
    from langgraph_quorum.graphs.workflow import Tuning, build_workflow
    from langgraph_quorum.nodes.alone.branch import quorum_branch
    from langgraph_quorum.nodes.alone.memory import QuorumBranches
    from langgraph_quorum.nodes.alone.sending import fan_out
    from langgraph_quorum.nodes.artifacts.access import artifact_store
    from langgraph_quorum.nodes.branching.harvest import late_results
    from langgraph_quorum.nodes.branching.thread_pool import thread_statistics
    from langgraph_quorum.nodes.checking.check import Check, Checked
    from langgraph_quorum.nodes.merging.consensus import Consensus
    from langgraph_quorum.nodes.merging.grouped import by_group
    from langgraph_quorum.nodes.merging.hierarchical import Hierarchical
    from langgraph_quorum.nodes.merging.made import Made
    from langgraph_quorum.nodes.merging.merge import as_result, merge
    from langgraph_quorum.nodes.merging.patterns import Patterns
    from langgraph_quorum.nodes.merging.resolve import Resolve
    from langgraph_quorum.nodes.merging.scored import Scored
    from langgraph_quorum.nodes.merging.suggestion import suggest_strategy
    from langgraph_quorum.nodes.merging.synthesis import Synthesis
    from langgraph_quorum.nodes.merging.weighted import Weighted
    from langgraph_quorum.nodes.specialists.specialist import Resources, Specialist
    from langgraph_quorum.orchestration.collector import settled_collector
    from langgraph_quorum.orchestration.orchestrator import Orchestrator
    from langgraph_quorum.orchestration.run import Run
    from langgraph_quorum.orchestration.sync import SyncOrchestrator
    from langgraph_quorum.state.branch import Answer, Branch
    from langgraph_quorum.state.errors import (
        AnswerError,
        ConfigurationError,
        DatabaseError,
        PlanError,
        QuorumError,
        ThreadBusyError,
        ThreadNotFoundError,
    )
    from langgraph_quorum.state.policies import (
        GrowthPolicy,
        ModePolicy,
        Policies,
        RecoveryPolicy,
        ReviewPolicy,
        ValidationPolicy,
        WeightPolicy,
    )
    from langgraph_quorum.state.records import WorkItem
    from langgraph_quorum.state.sync_policy import SyncPolicy
    from langgraph_quorum.state.thread_policy import ThreadPolicy
    from langgraph_quorum.state.workflow import QuorumContext, QuorumInput, QuorumOutput

__all__ = [
    "Answer",
    "AnswerError",
    "Branch",
    "Check",
    "Checked",
    "ConfigurationError",
    "Consensus",
    "DatabaseError",
    "GrowthPolicy",
    "Hierarchical",
    "Made",
    "ModePolicy",
    "Orchestrator",
    "Patterns",
    "PlanError",
    "Policies",
    "QuorumBranches",
    "QuorumContext",
    "QuorumError",
    "QuorumInput",
    "QuorumOutput",
    "RecoveryPolicy",
    "Resolve",
    "Resources",
    "ReviewPolicy",
    "Run",
    "Scored",
    "Specialist",
    "SyncOrchestrator",
    "SyncPolicy",
    "Synthesis",
    "ThreadBusyError",
    "ThreadNotFoundError",
    "ThreadPolicy",
    "Tuning",
    "ValidationPolicy",
    "WeightPolicy",
    "Weighted",
    "WorkItem",
    "artifact_store",
    "as_result",
    "as_tool",
    "build_workflow",
    "by_group",
    "fan_out",
    "late_results",
    "merge",
    "quorum_branch",
    "settled_collector",
    "suggest_strategy",
    "thread_statistics",
    "workflow_specialist",
]

_HOMES = {
    "graphs.nested": ("workflow_specialist",),
    "graphs.tool": ("as_tool",),
    "graphs.workflow": ("Tuning", "build_workflow"),
    "nodes.alone.branch": ("quorum_branch",),
    "nodes.alone.memory": ("QuorumBranches",),
    "nodes.alone.sending": ("fan_out",),
    "nodes.artifacts.access": ("artifact_store",),
    "nodes.branching.harvest": ("late_results",),
    "nodes.branching.thread_pool": ("thread_statistics",),
    "nodes.checking.check": ("Check", "Checked"),
    "nodes.merging.consensus": ("Consensus",),
    "nodes.merging.grouped": ("by_group",),
    "nodes.merging.hierarchical": ("Hierarchical",),
    "nodes.merging.made": ("Made",),
    "nodes.merging.merge": ("as_result", "merge"),
    "nodes.merging.patterns": ("Patterns",),
    "nodes.merging.resolve": ("Resolve",),
    "nodes.merging.scored": ("Scored",),
    "nodes.merging.suggestion": ("suggest_strategy",),
    "nodes.merging.synthesis": ("Synthesis",),
    "nodes.merging.weighted": ("Weighted",),
    "nodes.specialists.specialist": ("Resources", "Specialist"),
    "orchestration.collector": ("settled_collector",),
    "orchestration.orchestrator": ("Orchestrator",),
    "orchestration.run": ("Run",),
    "orchestration.sync": ("SyncOrchestrator",),
    "state.branch": ("Answer", "Branch"),
    "state.errors": (
        "AnswerError",
        "ConfigurationError",
        "DatabaseError",
        "PlanError",
        "QuorumError",
        "ThreadBusyError",
        "ThreadNotFoundError",
    ),
    "state.policies": (
        "GrowthPolicy",
        "ModePolicy",
        "Policies",
        "RecoveryPolicy",
        "ReviewPolicy",
        "ValidationPolicy",
        "WeightPolicy",
    ),
    "state.records": ("WorkItem",),
    "state.sync_policy": ("SyncPolicy",),
    "state.thread_policy": ("ThreadPolicy",),
    "state.workflow": ("QuorumContext", "QuorumInput", "QuorumOutput"),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazily(__name__, _HOMES)
