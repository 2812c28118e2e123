"""Where a human is asked: the review, the pauses before other nodes, and the ways on from both."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from langgraph.graph import END
from langgraph.types import Send

from langgraph_quorum.graphs.routes import is_reviewed
from langgraph_quorum.nodes.coordinator import FanOut, dispatch
from langgraph_quorum.nodes.human_review import human_review_node
from langgraph_quorum.nodes.pausing import pause_name, pausing_node
from langgraph_quorum.nodes.reviewing.editing import ValueCheck
from langgraph_quorum.nodes.reviewing.expiry import is_asking
from langgraph_quorum.state.policies import Pause, Policies, ReviewPolicy
from langgraph_quorum.state.workflow import QuorumState

Reviewed = Literal["approved", "retry", "rejected", "asks"]


def add_review(graph: Any, fan_out: FanOut, policies: Policies, check: ValueCheck | None = None) -> None:
    """Add the node `human_review` and the pauses, as far as they are asked for, with the ways on from them.

    The ways into `human_review` are the caller's; `way_into` gives the node that leads to one with a pause.

    Args:
        graph: The builder of the workflow.
        fan_out: Of the workflow.
        policies: `review` says how a human is asked.
        check: Holds a value that a human has edited against what is asked of it.
    """
    form, on = policies.review.form, {"rejected": END}
    if is_reviewed(policies):
        graph.add_node("human_review", human_review_node(policies, check, form))
        ways = {**on, "approved": "integrator", "retry": "coordinator", **_asks("human_review", policies.review)}
        graph.add_conditional_edges("human_review", _after_review, ways)
    for where in policies.review.pause_before:
        name = pause_name(where)
        graph.add_node(name, pausing_node(where, policies, form))
        # Sends need no way on the map. A drawing leaves out a label that is the name of the node.
        again = {one: one for one in fan_out.seats} if where == "sync_point" else {"retry": "coordinator"}
        ways = {**again, **on, "approved": where, **_asks(name, policies.review)}
        graph.add_conditional_edges(name, _after_pause(where, fan_out), ways)


def way_into(node: Pause, policy: ReviewPolicy) -> str:
    """The node to draw an edge to, where one is meant: the pause before it, if there is one."""
    return pause_name(node) if node in policy.pause_before else node


def _asks(node: str, policy: ReviewPolicy) -> dict[str, str]:
    """The way from a node to itself: until when it asks is written down before it does."""
    return {"asks": node} if math.isfinite(policy.expires_s) else {}


async def _after_review(state: QuorumState) -> Reviewed:
    """By what the human decided."""
    if is_asking(state):
        return "asks"
    if state["redo"]:
        return "retry"
    return "approved" if state["verdict"] == "approved" else "rejected"


def _after_pause(where: Pause, fan_out: FanOut) -> Callable[[QuorumState], Awaitable[Reviewed | list[Send]]]:
    send = dispatch(fan_out)

    async def after_pause(state: QuorumState) -> Reviewed | list[Send]:
        """On, back, or to the end. Before the sync point, which has not counted this fan-out yet, it stays one."""
        if is_asking(state):
            return "asks"
        if state["status"] == "failed":
            return "rejected"
        if not state["redo"]:
            return "approved"
        return send({**state, "active": state["redo"]}) if where == "sync_point" else "retry"

    return after_pause
