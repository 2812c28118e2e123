"""What the branches of one bundle have in common: their specialist, crew and gate, and who is told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.state.branch import BranchCall, Bundle


@dataclass(slots=True)
class Setting:
    """What the visits of one bundle share.

    Attributes:
        name: The specialist that is asked.
        crew: All specialists, and what they share.
        bundle: What was sent.
        gate: Of the fan-out.
        write: Takes an event for those who watch.
        heard: Whether anybody watches: where nobody does, LangGraph's writer is an empty function.
    """

    name: str
    crew: Crew
    bundle: Bundle
    gate: Gate
    write: Callable[[Any], None]
    heard: bool = field(init=False)

    def __post_init__(self) -> None:
        self.heard = is_heard(self.write)

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
