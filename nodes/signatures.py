"""The shapes of node functions, with the parameter names that LangGraph's own types ask for."""

from __future__ import annotations

from typing import Any, Protocol

from langgraph.runtime import Runtime

from langgraph_quorum.state.branch import Bundle
from langgraph_quorum.state.workflow import QuorumContext, QuorumState


class ThreadedNode(Protocol):
    """A node that runs in a thread, since it may block, and needs the run's context."""

    def __call__(self, state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        """The state's update."""


class RuntimeNode(Protocol):
    """A node that needs the run's context or identity."""

    async def __call__(self, state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        """The state's update."""


class SpecialistNode(Protocol):
    """A specialist's node: its input is a bundle of branches, not the whole state."""

    async def __call__(self, state: Bundle, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        """The update of `branches`."""
