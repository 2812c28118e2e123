"""The shipped graph that asks people: about each document with faults, all at once, and about the whole."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from langgraph_quorum.graphs.workflow import QuorumBuilder, Tuning, build_workflow
from langgraph_quorum.nodes.specialists.document.forms import SignOff, form
from langgraph_quorum.nodes.specialists.document.planner import plan_documents, sources_of
from langgraph_quorum.nodes.specialists.document.roster import document_specialists
from langgraph_quorum.nodes.specialists.document.signing import score_signing, sign_off, signatures
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.form import Sources
from langgraph_quorum.state.policies import Policies, ValidationPolicy
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.workflow import QuorumState

CHECKERS = ("technical", "quality")


class SignOffInput(TypedDict):
    """What is to go out."""

    sources: Sources


def build_document_sign_off() -> QuorumBuilder:
    """Documents in, `{"signed": [...], "sent_back": {document: why}}` out.

    Two specialists check each document, and then it is signed; where they have found faults, a person is asked. All
    these questions are open at once, and each is answered by its own id. At last a person is asked about the whole, and
    told of documents that are in neither list because they could not be checked.

    Raises:
        MissingExtraError: when the extra `documents` is not installed.
    """
    crew = [*document_specialists(CHECKERS), Specialist("sign_off", sign_off, type="sign_off")]
    tuning = Tuning(
        policies=Policies(validation=ValidationPolicy(review="always")),
        scorer=score_signing,
        planner=_plan,
        checks=[form(SignOff, signatures.__name__)],
        input_schema=SignOffInput,
    )
    return build_workflow(crew, SyncPolicy(threshold=1.0), signatures, tuning=tuning)


def graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph as LangGraph Studio opens it: without a checkpointer, which the server brings."""
    return build_document_sign_off().compile()


async def _plan(state: QuorumState) -> list[WorkItem]:
    checks = await asyncio.to_thread(plan_documents, sources_of(state), CHECKERS)
    return [*checks, *map(_signing, dict.fromkeys(check["group"] for check in checks))]


def _signing(document: str) -> WorkItem:
    """The branch that signs a document when all its checks are in."""
    return WorkItem(
        branch_id=f"sign_off@{document}",
        specialist="sign_off",
        group=document,
        payload={"source": document},
        depends_on=[f"{checker}@{document}" for checker in CHECKERS],
    )
