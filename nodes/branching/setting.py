"""What one specialist's branches of a fan-out have in common: specialist, crew and gate, and who is told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langgraph.config import get_config

from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.state.branch import BranchCall, Wave

HEARD_KEY = "__quorum_heard"
"""Where a run's config holds, under `configurable`, what tells whether anybody listens to the run at the moment.

It says nothing of graphs within: whoever calls one may stream it.
"""
_INNER = "|"
"""In the checkpoint namespace of a graph within another."""


@dataclass(slots=True)
class Setting:
    """What the visits of one specialist's branches share, in one fan-out.

    Attributes:
        name: The specialist that is asked.
        crew: All specialists, and what they share.
        task: What all of it is about.
        wave: Which fan-out it is.
        gate: Of the fan-out.
        write: Takes an event for those who watch.
    """

    name: str
    crew: Crew
    task: str
    wave: Wave
    gate: Gate
    write: Callable[[Any], None]
    _listens: Callable[[], bool] = field(init=False)

    def __post_init__(self) -> None:
        place = get_config().get("configurable", {})
        known = HEARD_KEY in place and _INNER not in place.get("checkpoint_ns", "")
        is_heard_now = place[HEARD_KEY] if known else lambda: True
        self._listens = is_heard_now if is_heard(self.write) else lambda: False

    @property
    def heard(self) -> bool:
        """Whether anybody watches: where nobody does, LangGraph's writer is an empty function or the driver says so."""
        return self._listens()

    def tell(self, call: BranchCall, specialist: str, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Tell those who watch what happens to a branch."""
        if not self.heard:
            return
        self.write(
            {
                "quorum": "branch",
                "branch_id": call["item"]["branch_id"],
                "specialist": specialist,
                "group": call["item"].get("group", ""),
                "event": event,
                "sync": self.gate.progress(call["points"]),
                **(data or {}),
            }
        )


def _nothing(_: Any) -> None:
    pass


def is_heard(write: Callable[[Any], None]) -> bool:
    """Whether it is more than an empty function: an event for nobody is a tenth of a trivial branch."""
    code, empty = getattr(write, "__code__", None), _nothing.__code__
    return code is None or (code.co_code, code.co_consts) != (empty.co_code, empty.co_consts)
