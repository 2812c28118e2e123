"""The shipped graph for documents: every document by every specialist, merged document by document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired

from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from langgraph_quorum.graphs.workflow import QuorumBuilder, Tuning, build_workflow
from langgraph_quorum.nodes.merging.grouped import by_group
from langgraph_quorum.nodes.planning.mode import check_mode
from langgraph_quorum.nodes.specialists.document.digest import digest
from langgraph_quorum.nodes.specialists.document.forms import Analysis, form
from langgraph_quorum.nodes.specialists.document.grounding import score_report
from langgraph_quorum.nodes.specialists.document.planner import document_planner
from langgraph_quorum.nodes.specialists.document.roster import document_specialists
from langgraph_quorum.state.form import Sources, Task
from langgraph_quorum.state.policies import Policies
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.workflow import QuorumInput


class DocumentInput(TypedDict):
    """What is to be analysed, as the form in Studio asks for it. `build_document_analysis` takes `work` as well."""

    sources: Sources
    task: NotRequired[Task]


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

    An edited result that is no digest by document is refused.

    Raises:
        ConfigurationError: for an unknown specialist or mode.
        MissingExtraError: when the extra `documents` is not installed.
    """
    return _built(specialists, sync, mode, policies)


def graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph as LangGraph Studio opens it: without a checkpointer, which the server brings."""
    return _built(input_schema=DocumentInput).compile()


def _built(
    specialists: Sequence[str] | None = None,
    sync: SyncPolicy | None = None,
    mode: str = "auto",
    policies: Policies | None = None,
    input_schema: type[Any] = QuorumInput,
) -> QuorumBuilder:
    crew = document_specialists(specialists)
    planner = document_planner([specialist.name for specialist in crew])
    strategy = "by_document"
    tuning = Tuning(
        policies=policies or Policies(),
        scorer=score_report,
        planner=planner,
        checks=[form(Analysis, strategy)],
        input_schema=input_schema,
    )
    return build_workflow(crew, sync, by_group(digest, strategy), check_mode(mode), tuning)
