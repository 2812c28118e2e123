"""Fan one task out to specialists on LangGraph, move on at a quorum of good answers, and never lose finished work."""

from langgraph_quorum.graphs.workflow import Tuning, build_workflow
from langgraph_quorum.nodes.specialists.specialist import Resources, Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import QuorumError
from langgraph_quorum.state.policies import ModePolicy, Policies, SyncPolicy, ValidationPolicy, WeightPolicy
from langgraph_quorum.state.workflow import QuorumContext

__all__ = [
    "Branch",
    "ModePolicy",
    "Policies",
    "QuorumContext",
    "QuorumError",
    "Resources",
    "Specialist",
    "SyncPolicy",
    "Tuning",
    "ValidationPolicy",
    "WeightPolicy",
    "build_workflow",
]
