"""One branch's place in the queue for a turn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from langgraph_quorum.nodes.branching.loads import Load

Ending = Literal["succeeded", "failed", "excused"]
"""How a branch or a sync point ended, for those that wait for it."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One branch's place in the queue.

    Attributes:
        branch_id: Whose it is.
        order: Position in the fan-out; the lowest goes first.
        load: What its first call takes of the cores, until that call is made; None for one that only waits.
        waits_for: Branches and sync points that have not ended yet.
        held: Prerequisites with a result from an earlier round: when they fail now, that result stands in.
        not_before: Earliest start, on the clock that `now` is read from.
        claims: How much it takes of which resource while it runs.
        thorough: Whether it waits for all prerequisites to end, even when one has ended in vain.
        missing: A prerequisite that ended without success; the branch is then skipped.
        fed: Whether any prerequisite has given a result.
        excused: Whether all prerequisites were excused; the branch then is, too.
    """

    branch_id: str
    order: int
    load: Load | None = None
    waits_for: AbstractSet[str] = frozenset()
    held: frozenset[str] = frozenset()
    not_before: float = -math.inf
    claims: Mapping[str, float] = field(default_factory=dict)
    thorough: bool = False
    missing: str = ""
    fed: bool = False
    excused: bool = False

    @property
    def void(self) -> bool:
        """Whether it is not to run at all."""
        return self.excused or bool(self.missing)

    @property
    def decided(self) -> bool:
        """Whether it is certain by now that it is to run, or that it is not."""
        return not self.waits_for or (bool(self.missing) and not self.thorough)

    def hear(self, name: str, ending: Ending) -> None:
        """Note that a prerequisite has ended."""
        self.waits_for = self.waits_for - {name}
        if ending == "succeeded" or name in self.held:
            self.fed = True
        elif ending == "failed":
            self.missing = self.missing or name

    def __lt__(self, other: Ticket) -> bool:
        return self.order < other.order
