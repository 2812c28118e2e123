"""A whole workflow as one branch of another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import get_runtime

from langgraph_quorum.nodes.checking.quality import measured_quality
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Answer, Branch
from langgraph_quorum.state.errors import ConfigurationError, PlanError, WorkflowFailedError
from langgraph_quorum.state.functions import require_plain
from langgraph_quorum.state.workflow import QuorumContext, QuorumInput, QuorumOutput

_DIGITS = 9
_GIVEN = ("task", "work", "sources")
_ASKED = (*QuorumOutput.__annotations__, "load")

Workflow: TypeAlias = StateGraph[Any, Any, Any, Any] | CompiledStateGraph[Any, Any, Any, Any]
"""What `build_workflow` returns, or the same compiled."""
Prepare = Callable[[Branch], QuorumInput]
"""Makes the inner workflow's input from the branch."""
Keep = Callable[[QuorumOutput], Any]
"""Makes the branch's result from what the inner workflow has given back."""


def workflow_specialist(
    name: str,
    graph: Workflow,
    *,
    prepare: Prepare | None = None,
    keep: Keep | None = None,
    timeout_s: float = math.inf,
    attempts: int = 1,
    **settings: Any,
) -> Specialist:
    """A specialist whose work is a whole workflow, which may itself have such specialists.

    The inner workflow shares the run of the outer one: its checkpointer, so that finished inner branches are kept; its
    questions to a human; its drain and its cancellation. It begins anew where its branch is sent out again: in a
    further round, or to ask a question that was parked.

    Its result is a dict: `result`, `status` (approved or partial), `partial`, `failed` (inner branches without a
    result), and, as far as it was measured, its quality as `confidence`, by which the outer workflow scores it. Its
    cost is the sum of the inner costs. An inner run that has failed fails the branch, in the inner run's own words.

    Args:
        name: Of the specialist.
        graph: What `build_workflow` returns, or the same compiled.
        prepare: Makes the inner input from the branch. Left out: `task`, `work` and `sources` of its payload, and the
            task of the outer run where the payload has none; a branch that is handed anything else then fails.
        keep: Makes the branch's result from the inner output, in place of the dict above. An outer quality is read from
            its `confidence`.
        timeout_s: Seconds for the inner run; it has deadlines of its own, and that of the outer sync point.
        attempts: As a workflow mends what it can, one that has failed is not tried again by default.
        settings: Further fields of `Specialist`.

    Raises:
        ConfigurationError: the graph is no workflow, or keeps one state for all its runs; `prepare` or `keep` is none
            that can be called, or an async one.
    """
    for field, function in (("prepare", prepare), ("keep", keep)):
        if function is not None:
            require_plain(field, function)
    compiled = compiled_workflow(name, graph, "any other graph is a specialist as it is: Specialist(name, graph)")
    run = _Nested(name, compiled, prepare or _prepared(name), keep or _kept)
    return Specialist(name, run, timeout_s=timeout_s, attempts=attempts, alone=True, **settings)


def compiled_workflow(name: str, graph: Workflow, otherwise: str) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph of a workflow, compiled to run inside of another graph.

    Args:
        name: What its runs are called.
        graph: What `build_workflow` returns, or the same compiled.
        otherwise: What to do with a graph that is no workflow, for the error.

    Raises:
        ConfigurationError: the graph is no workflow, or keeps one state for all its runs.
    """
    channels = graph.channels if isinstance(graph, (StateGraph, CompiledStateGraph)) else {}
    if not set(_ASKED) <= channels.keys():
        raise ConfigurationError("graph", graph, f"give what build_workflow returns; {otherwise}")
    compiled = graph.compile(name=name) if isinstance(graph, StateGraph) else graph
    if compiled.checkpointer is True:
        raise ConfigurationError("graph", graph, "compile it without checkpointer=True: its runs would share a state")
    return compiled


def raise_if_failed(name: str, output: Mapping[str, Any]) -> None:
    """Make an error of an inner run that has failed.

    Raises:
        WorkflowFailedError: in the run's own words.
    """
    if output["status"] == "failed":
        error = output["error"]
        why = error["message"] if error is not None else "no reason given"
        raise WorkflowFailedError(name, why, output.get("load", {}).get("cost") or None)


@dataclass(frozen=True, slots=True)
class _Nested:
    name: str
    graph: CompiledStateGraph[Any, Any, Any, Any]
    prepare: Prepare
    keep: Keep

    async def __call__(self, branch: Branch) -> Answer:
        output: Any = await self.graph.ainvoke(self.prepare(branch), context=_inner_context(), output_keys=list(_ASKED))
        raise_if_failed(self.name, output)
        return Answer(self.keep(output), cost=output["load"]["cost"] or None)


def _inner_context() -> QuorumContext | None:
    """The outer run's ports. What it has set for its own sync point is not for the inner ones."""
    context = get_runtime().context
    if not isinstance(context, QuorumContext):
        return None
    return QuorumContext(capacity=context.capacity, artifacts=context.artifacts, artifact_bytes=context.artifact_bytes)


def _prepared(name: str) -> Prepare:
    def prepared(branch: Branch) -> QuorumInput:
        unknown = [f"payload[{key!r}]" for key in branch.payload if key not in _GIVEN]
        unknown += [f"inputs[{key!r}]" for key in branch.inputs]
        if unknown:
            raise PlanError(
                f"branch {branch.branch_id!r}: nothing says what {unknown[0]} is to the inner workflow:"
                f" give workflow_specialist({name!r}, ..., prepare=...)"
            )
        given: Any = {"task": branch.task, **branch.payload}
        known: QuorumInput = given
        return known

    return prepared


def _kept(output: QuorumOutput) -> dict[str, Any]:
    kept = {name: output[name] for name in ("result", "status", "partial", "failed")}
    quality = measured_quality(output)
    return kept if quality is None else {**kept, "confidence": round(quality, _DIGITS)}
