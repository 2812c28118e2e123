"""A drawing shows the routes that a workflow can take with its policies, each with its word, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum import Branch, Policies, Specialist, SyncPolicy, Tuning, ValidationPolicy, build_workflow
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import Review, ReviewPolicy

THREAD: Any = {"configurable": {"thread_id": "1"}}


async def answer(branch: Branch) -> dict[str, Any]:
    return {"findings": [branch.task], "confidence": 0.9}


def workflow(
    sync: SyncPolicy | None = None, review: Review = "never", **asks: Any
) -> CompiledStateGraph[Any, Any, Any, Any]:
    policies = Policies(validation=ValidationPolicy(review=review), review=ReviewPolicy(**asks))
    return build_workflow([Specialist("a", answer)], sync, tuning=Tuning(policies)).compile(InMemorySaver())


def routes(graph: CompiledStateGraph[Any, Any, Any, Any], node: str) -> dict[str, str]:
    """The nodes that one leads to, by the words on the edges."""
    return {str(edge.data): edge.target for edge in graph.get_graph().edges if edge.source == node}


@pytest.mark.parametrize(
    ("review", "judged", "mended"),
    [
        ("never", {"approved", "needs_revision", "critical_failure"}, {"redistribute", "degrade", "give_up"}),
        (
            "unmet",
            {"approved", "needs_revision", "critical_failure", "escalate"},
            {"redistribute", "degrade", "escalate"},
        ),
        ("always", {"critical_failure", "escalate"}, {"redistribute", "degrade"}),
    ],
)
def test_no_route_is_drawn_that_these_policies_never_take(review: Review, judged: set[str], mended: set[str]) -> None:
    graph = workflow(review=review)
    assert routes(graph, "validator").keys() == judged
    assert routes(graph, "load_balancer").keys() == mended
    assert ("human_review" in graph.nodes) == (review != "never")


def test_questions_that_are_put_off_have_a_route_of_their_own() -> None:
    assert routes(workflow(SyncPolicy(on_question="park")), "validator")["ask"] == "coordinator"


def test_the_routes_on_from_a_pause_are_labelled() -> None:
    graph = workflow(pause_before=("validator",), expires_s=60)
    ways = {"approved": "validator", "retry": "coordinator", "rejected": "__end__", "asks": "before_validator"}
    assert routes(graph, "before_validator") == ways


async def test_a_verdict_edited_to_one_that_leads_nowhere_is_refused_with_those_that_do() -> None:
    graph = workflow()
    await graph.ainvoke({"task": "x"}, THREAD, interrupt_before=["validator"])
    with pytest.raises(ConfigurationError, match="verdict='escalate': this workflow goes on by approved, critical"):
        await graph.aupdate_state(THREAD, {"verdict": "escalate", "redo": []}, as_node="validator")
