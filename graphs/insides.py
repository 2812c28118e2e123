"""Specialists that are graphs themselves, shown as such: in drawings, and in the state of a run that is stepped."""

from __future__ import annotations

from typing import Any

from langgraph.pregel import Pregel
from langgraph.runtime import Runtime

from langgraph_quorum.nodes.signatures import SpecialistNode
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Bundle
from langgraph_quorum.state.workflow import QuorumContext


def showing_inside(node: SpecialistNode, specialist: Specialist) -> SpecialistNode:
    """The specialist's node, so that LangGraph sees the graph or the workflow that its work is made of, if it is one.

    Then `get_graph(xray=True)` draws it, `get_subgraphs` lists it, and `get_state(subgraphs=True)` has its state.
    """
    run = specialist.run
    inside = run if isinstance(run, Pregel) else getattr(run, "graph", None)
    if not isinstance(inside, Pregel):
        return node

    async def specialist_node(state: Bundle, *, runtime: Runtime[QuorumContext]) -> Any:
        _ = inside  # LangGraph looks for a node's graph among what its function closes over
        return await node(state, runtime=runtime)

    specialist_node.__name__ = specialist.name
    return specialist_node
