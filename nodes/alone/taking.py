"""Whether LangGraph would take a worker's update, as far as that can be known before the reducers see it."""

from __future__ import annotations

from collections.abc import Iterable
from types import BuiltinFunctionType
from typing import Any

from langgraph.types import Command, Overwrite

from langgraph_quorum.nodes.alone.channels import running_channels
from langgraph_quorum.nodes.alone.joining import overwrites
from langgraph_quorum.state.errors import ResultError

RECORDS = "branches"
"""The key of the state that is not a worker's."""

_PLAIN = (bool, bytes, dict, float, frozenset, int, list, set, str, tuple)
_OWN = f"its update has the key {RECORDS!r}, under which the records of branches are kept: leave it out, or rename it"


class Taking:
    """Remembers, for one worker, under which key which type of value is taken, so that most are not looked at."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: set[tuple[Any, type]] = set()

    def check(self, part: Any) -> None:
        """Refuse one update: a dict, a Command, or an object with annotations.

        Raises:
            ResultError: it is for another graph, writes to the records, or a reducer of Python's own cannot join its
                value to what the state holds.
        """
        if isinstance(part, Command):
            if part.graph is not None:
                raise ResultError("its Command is for another graph: return one without 'graph'")
            part = part.update
        if isinstance(part, dict):
            self._check(part.items())
        elif isinstance(part, (list, tuple)):
            self._check(part)
        elif getattr(part, RECORDS, None) is not None:
            raise ResultError(_OWN)

    def _check(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        for name, value in pairs:
            if (name, type(value)) not in self._taken:
                self._look(name, value)

    def _look(self, name: Any, value: Any) -> None:
        if name == RECORDS:
            raise ResultError(_OWN)
        channel = running_channels().get(name)
        if channel is None or isinstance(value, Overwrite) or overwrites(value):
            return
        reducer, held = getattr(channel, "operator", None), type(getattr(channel, "value", None))
        if isinstance(reducer, BuiltinFunctionType) and held in _PLAIN:
            try:
                reducer(held(), value)
            except Exception as error:
                what = (
                    f"its update of {name!r} is of type {type(value).__name__}, which the state's reducer does not take"
                )
                raise ResultError(f"{what}: {error}") from error
        self._taken.add((name, type(value)))
