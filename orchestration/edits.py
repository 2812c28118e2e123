"""Editing the state of a copy, as a person wants it, before it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langgraph.constants import START
from langgraph.errors import InvalidUpdateError
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Overwrite

from langgraph_quorum.orchestration.outcome import ours
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.state.editing import edited_record, json_fault
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.words import suggestion

Graph = CompiledStateGraph[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is different in the copy.

    Attributes:
        values: Fields of the state, put in through their reducers; None for a plain copy.
        as_node: The node that they are to come from, or `START`; None for the last one that wrote.
    """

    values: Mapping[str, Any] | None
    as_node: str | None

    def check(self, graph: Graph) -> None:
        """Refuse what the graph does not have.

        Raises:
            ConfigurationError: naming the field or node, and the one that was probably meant.
        """
        if self.values is None:
            if self.as_node is not None:
                raise ConfigurationError("as_node", self.as_node, "give it together with `values`")
            return
        if not isinstance(self.values, Mapping) or not self.values:
            raise ConfigurationError("values", self.values, "give fields of the state to change, or None")
        known = graph.builder.channels.keys() | graph.builder.managed.keys()
        for name in self.values:
            if name not in known:
                mend = f"the state has no such field: {suggestion(str(name), known)}"
                raise ConfigurationError(str(name), self.values[name], mend)
        if self.as_node is not None and self.as_node not in {START, *graph.builder.nodes}:
            mend = f"the graph has no such node: {suggestion(str(self.as_node), graph.builder.nodes.keys())}"
            raise ConfigurationError("as_node", self.as_node, mend)


async def apply_edit(edit: Edit, graph: Graph, thread_id: str, token: int) -> None:
    """Put the edit into a thread, as a checkpoint behind its latest one. Tasks that were under way there start anew.

    Raises:
        ConfigurationError: the edit does not fit where the thread stands.
        DatabaseError: the database cannot be used.
    """
    if edit.values is None:
        return
    at = fenced_config(thread_id, token)
    try:
        with database_errors(f"editing thread {thread_id!r}"):
            standing = (await graph.aget_state(at)).values
            values = _as_edits(edit.values, standing) if ours(standing) else dict(edit.values)
            await graph.aupdate_state(at, values, edit.as_node)
    except InvalidUpdateError as error:
        mend = f"{error}: name the node that the values are to come from"
        raise ConfigurationError("as_node", edit.as_node, mend) from error


def _as_edits(values: Mapping[str, Any], standing: Mapping[str, Any]) -> dict[str, Any]:
    """The values for the state of a workflow, with records of branches filled in and marked as edited.

    Raises:
        ConfigurationError: naming the field that holds what is no JSON, or the branch whose edit does not fit.
    """
    for name, value in values.items():
        given = value.value if isinstance(value, Overwrite) else value
        if name != "messages" and (fault := json_fault(given, name)):
            raise ConfigurationError(*fault)
    branches, there = values.get("branches"), standing.get("branches") or {}
    if not isinstance(branches, Mapping):
        return dict(values)
    edited = {
        name: one if name in there and one == there[name] else edited_record(name, one, there.get(name), there.keys())
        for name, one in branches.items()
    }
    return {**values, "branches": edited}
