"""The shipped graph for documents: every document by every specialist, merged document by document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum.graphs.workflow import QuorumBuilder, Tuning, build_workflow
from langgraph_quorum.nodes.merging.grouped import by_group
from langgraph_quorum.nodes.planning.mode import check_mode
from langgraph_quorum.nodes.specialists.document.digest import digest
from langgraph_quorum.nodes.specialists.document.grounding import score_report
from langgraph_quorum.nodes.specialists.document.planner import document_planner
from langgraph_quorum.nodes.specialists.document.roster import document_specialists
from langgraph_quorum.state.policies import Policies
from langgraph_quorum.state.sync_policy import SyncPolicy


def build_document_analysis(
    specialists: Sequence[str] | None = None,
    sync: SyncPolicy | None = None,
    mode: str = "auto",
    policies: Policies | None = None,
) -> QuorumBuilder:
    """The workflow that analyses documents: its input is `{"sources": ["docs/*.md", ...]}`.

    Args:
        specialists: Names out of `DOCUMENT_SPECIALISTS`; all when left out.
        sync: When the sync point moves on.
        mode: `auto`, `parallel`, `sequential` or `adaptive`.
        policies: Thresholds, weights, targets, and when a human is asked.

    Raises:
        ConfigurationError: for an unknown specialist or mode.
        MissingExtraError: when the extra `documents` is not installed.
    """
    crew = document_specialists(specialists)
    planner = document_planner([specialist.name for specialist in crew])
    tuning = Tuning(policies=policies or Policies(), scorer=score_report, planner=planner)
    return build_workflow(crew, sync, by_group(digest, "by_document"), check_mode(mode), tuning)


def graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph as LangGraph Studio opens it: without a checkpointer, which the server brings."""
    return build_document_analysis().compile()
