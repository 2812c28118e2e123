"""A node function that somebody already has, asked as a specialist."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable
from langgraph.config import get_config
from langgraph.errors import GraphBubbleUp, GraphInterrupt, ParentCommand
from langgraph.graph import StateGraph
from langgraph.pregel.protocol import PregelProtocol
from langgraph.types import Command

from langgraph_quorum.nodes.alone.taking import RECORDS, Taking
from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.state.branch import Answer, Branch
from langgraph_quorum.state.errors import ConfigurationError, PlanError, ResultError
from langgraph_quorum.state.functions import takes_one
from langgraph_quorum.state.words import kind_of


def parcel(payload: Any) -> dict[str, Any]:
    """A payload as it travels: with `kept` where others need the update, `shares` where its `Send` holds more."""
    return {"payload": payload}


class Held(dict[str, Any]):
    """A worker's update on its way through the gate.

    As a dict it is what others get to see of it, in JSON: empty where nobody needs it.
    """

    __slots__ = ("given", "kept")

    def __init__(self, given: Any, *, kept: bool) -> None:
        if kept:
            super().__init__(_shown(given))
        self.given, self.kept = given, kept

    @property
    def updates(self) -> list[Any]:
        """What the node is to return for it, in order."""
        if self.given is None:
            return []
        return list(self.given) if isinstance(self.given, (list, tuple)) else [self.given]

    @property
    def result(self) -> dict[str, Any] | None:
        """What its record keeps."""
        return dict(self) if self.kept else None


def called_by(worker: Any, name: str, field: str) -> Callable[[Branch], Any]:
    """A specialist's function that calls a worker as LangGraph calls a node; async, unless the worker is sync.

    Raises:
        ConfigurationError: naming the field, where LangGraph could not call it.
    """
    # The one public way to LangGraph's own call of a node, with `config`, `runtime`, `writer`, `store` filled in.
    scratch: Any = StateGraph(dict)
    node: Runnable[Any, Any] = scratch.add_node(name, worker).nodes[name].runnable
    if not isinstance(worker, Runnable) and not takes_one(worker, getattr(node, "func_accepts", ())):
        mend = (
            "give a function that is called with a Send's payload; LangGraph fills in config, runtime, writer and store"
        )
        raise ConfigurationError(field, worker, mend)
    taking, is_graph = Taking(), isinstance(worker, PregelProtocol)
    asks_for_nothing = inspect.iscoroutinefunction(worker) and len(inspect.signature(worker).parameters) == 1

    async def awaited(branch: Branch) -> Any:
        try:
            if asks_for_nothing:
                update = await worker(_payload(branch))
            else:
                update = await node.ainvoke(_payload(branch), get_config())
        except GraphBubbleUp as bubble:
            update = _caught(bubble, branch)
        if is_graph and isinstance(update, dict):  # what it has kept of branches of its own is not for this graph
            update = {name: value for name, value in update.items() if name != RECORDS}
        return _held(update, branch, taking)

    def threaded(branch: Branch) -> Any:
        try:
            update = node.invoke(_payload(branch), get_config())
        except GraphBubbleUp as bubble:
            update = _caught(bubble, branch)
        return _held(update, branch, taking)

    return threaded if _is_sync(worker) else awaited


def _is_sync(worker: Any) -> bool:
    if isinstance(worker, Runnable):
        return False
    called = getattr(worker, "func", worker)
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    return not any(kind(one) for kind in kinds for one in (called, getattr(called, "__call__", None)))  # noqa: B004


def _payload(branch: Branch) -> Any:
    payload = branch.payload["payload"]
    if not branch.inputs:
        return payload
    return {**payload, "inputs": {name: _plain(given) for name, given in branch.inputs.items()}}


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Of a branch its update, of a sync point a dict of updates by branch id."""
    return {name: dict(one) if isinstance(one, Held) else one for name, one in given.items()}


def _caught(bubble: GraphBubbleUp, branch: Branch) -> Any:
    """What a graph within the worker hands up to this one is the worker's update. All else goes on its way."""
    if isinstance(bubble, ParentCommand):
        return replace(bubble.args[0], graph=None)
    if isinstance(bubble, GraphInterrupt) and branch.payload.get("shares", False):
        raise PlanError("it asks a human, but shares its Send with others: leave 'bundle' out of fan_out") from bubble
    raise bubble


def _held(update: Any, branch: Branch, taking: Taking) -> Any:
    if isinstance(update, Answer):
        return replace(update, value=_held(update.value, branch, taking))
    if type(update) is dict:  # as most are
        taking.check(update)
    elif isinstance(update, (list, tuple)):
        for part in update:
            _check_part(part, taking)
        if not any(isinstance(part, Command) for part in update):
            raise ResultError("it returned a list without any Command: return a dict of the state's keys, or a Command")
    else:
        _check_part(update, taking)
    return Held(update, kept=branch.payload.get("kept", False))


def _check_part(part: Any, taking: Taking) -> None:
    if part is None:
        return
    if not isinstance(part, (dict, Command)) and not getattr(type(part), "__annotations__", None):
        raise ResultError(f"it returned {kind_of(part)}: return a dict of the state's keys, or a Command")
    taking.check(part)


def _shown(given: Any) -> dict[str, Any]:
    """An update in JSON, for those that need it."""
    if isinstance(given, (list, tuple)):
        raise ResultError(f"it returned {len(given)} updates, but others need its update: return one")
    update = given.update if isinstance(given, Command) else given
    if isinstance(update, (list, tuple)):
        update = dict(update)
    shown: dict[str, Any] = jsonable(update or {}, "update")
    return shown
