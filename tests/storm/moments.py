"""When a process is killed: after some time, or at the n-th round trip, commit or line of its ledger."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

Counted = Literal["trip", "commit", "line"]
When = Literal["before", "sent", "after"]
COUNTED: tuple[Counted, ...] = ("trip", "commit", "line")
WHENS: tuple[When, ...] = ("before", "sent", "after")
SHORTER = 0.7
"""What is left to do for a process that takes a run up, as a share of what the one before had."""


@dataclass(frozen=True)
class Moment:
    """One kill.

    Attributes:
        counted: What is counted: round trips of any connection, those that end a transaction, lines of the ledger.
        number: Which one, from 1.
        when: Before it; once it has been sent, with nothing of the answer read; after it.
        delay_s: Instead of all that, seconds after the process was forked; the driver's parent kills it then.
    """

    counted: Counted | None = None
    number: int = 0
    when: When = "before"
    delay_s: float | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """From what `vars` gave."""
        return cls(**told)

    def __str__(self) -> str:
        if self.delay_s is not None:
            return f"after {self.delay_s:.3f} s"
        return f"{self.when} {self.counted} {self.number}"


@dataclass(frozen=True)
class Extent:
    """How much an undisturbed process does: the room that moments are drawn from.

    Attributes:
        counts: By what is counted.
        seconds: From its fork to its end.
    """

    counts: Mapping[str, int]
    seconds: float


def drawn(dice: random.Random, extent: Extent, earlier: int) -> Moment:
    """The moment at which a process is killed, `earlier` others having been killed before it.

    It may lie behind the process' end: then nobody is killed.
    """
    share = dice.random() * SHORTER**earlier
    counted, when = dice.choice((None, *COUNTED)), dice.choice(WHENS)
    if counted is None:
        return Moment(delay_s=share * extent.seconds)
    return Moment(counted, 1 + int(share * extent.counts[counted]), when)
