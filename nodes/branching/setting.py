"""What the branches of one bundle have in common: their specialist, crew and gate, and who is told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    """

    name: str
    crew: Crew
    bundle: Bundle
    gate: Gate
    write: Callable[[Any], None]

    def tell(self, call: BranchCall, specialist: str, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Tell those who watch what happens to a branch."""
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
