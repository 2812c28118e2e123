"""Handing a run its artifact store, through its context."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from langgraph_quorum.nodes.artifacts.shelf import shelf_of
from langgraph_quorum.state.artifacts import is_reference
from langgraph_quorum.state.ports import ArtifactStore
from langgraph_quorum.state.workflow import QuorumContext


@runtime_checkable
class ThreadArtifacts(Protocol):
    """A store that keeps account of which thread refers to what."""

    def of_thread(self, thread_id: str | None, token: int | None = None) -> ArtifactStore:
        """The same store on a thread's behalf; with None on nobody's."""
        ...


def with_artifacts(
    context: Any,
    store: ArtifactStore,
    thread_id: str | None,
    *,
    token: int | None = None,
    schema: type | None = QuorumContext,
) -> Any:
    """The context with this store for this thread; a context that names a store keeps its own.

    Args:
        context: What the run was given: None, a dict, or a `QuorumContext`. Any other is returned as it is.
        store: The orchestrator's.
        thread_id: Of the run; None for what may not become one.
        token: The lease's.
        schema: The graph's context schema; for any but `QuorumContext` the context is returned as it is.
    """
    if schema is not QuorumContext or not (context is None or isinstance(context, (Mapping, QuorumContext))):
        return context
    bound = store.of_thread(thread_id, token) if isinstance(store, ThreadArtifacts) else store
    if isinstance(context, QuorumContext):
        return context if context.artifacts is not None else dataclasses.replace(context, artifacts=bound)
    given = dict(context or {})
    return given if given.get("artifacts") is not None else {**given, "artifacts": bound}


async def input_away(values: Any, context: Any) -> Any:
    """A run's input with references in the payloads of its `work` and in its `sources`; the rest as it is.

    Without it the first checkpoint, and the register, would keep the large texts before any node has seen them.

    Args:
        values: The graph's input; what is no mapping is returned as it is.
        context: As `with_artifacts` gives it.
    """
    if not isinstance(values, Mapping):
        return values
    shelf = shelf_of(QuorumContext(**context) if isinstance(context, Mapping) else context)
    if shelf is None:
        return values
    return {name: await shelf.away(value) if name in ("work", "sources") else value for name, value in values.items()}


def addresses_in(value: Any) -> Iterator[str]:
    """The addresses of all references in dicts and lists of any depth."""
    values = [value]
    for current in values:  # which grows meanwhile
        if is_reference(current):
            yield current["artifact"]
        elif isinstance(current, Mapping):
            values.extend(current.values())
        elif isinstance(current, list):
            values.extend(current)
