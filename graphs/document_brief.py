"""The shipped graph that reads each document with a whole workflow, and makes one brief of them, group by group."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from langgraph_quorum.graphs.composition import map_reduce
from langgraph_quorum.graphs.document_analysis import build_document_analysis
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.graphs.workflow import QuorumBuilder, Tuning, build_workflow
from langgraph_quorum.nodes.specialists.document.editor import brief_of, edit, whole_brief
from langgraph_quorum.nodes.specialists.document.planner import plan_documents, sources_of
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.form import Sources
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.workflow import QuorumState

READERS = ("summary", "content", "business")
FAN_IN = 3
"""Briefs at most that one editor gets."""


class BriefInput(TypedDict):
    """What is to be read."""

    sources: Sources


def build_document_brief() -> QuorumBuilder:
    """A workflow of workflows: `{"sources": ["docs/*.md", ...]}` in, a `Brief` of all documents out.

    Every document is a branch, read by a document analysis of its own with three specialists. Editors make one brief of
    three at most, others of theirs, until one is left. Where a document cannot be read, or was not in time, the run is
    `partial`: the brief is of the others, `failed` names that one's reader and the editors that needed it, and the
    record of its branch says why.

    Raises:
        MissingExtraError: when the extra `documents` is not installed.
    """
    reader = workflow_specialist("reader", build_document_analysis(READERS), keep=brief_of, type="reader")
    crew = [reader, Specialist("editor", edit, type="editor", deterministic=True)]
    tuning = Tuning(planner=_plan, input_schema=BriefInput)
    return build_workflow(crew, SyncPolicy(threshold=1.0), whole_brief, tuning=tuning)


def graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph as LangGraph Studio opens it: without a checkpointer, which the server brings."""
    return build_document_brief().compile()


async def _plan(state: QuorumState) -> list[WorkItem]:
    checks = await asyncio.to_thread(plan_documents, sources_of(state), READERS)
    # Planned here for all: a reader would call its document by its last name, which others may have as well.
    work: dict[str, list[WorkItem]] = defaultdict(list)
    for check in checks:
        work[check["group"]].append(check)
    return map_reduce("reader", "editor", {name: {"work": work[name]} for name in work}, name="brief", fan_in=FAN_IN)
