"""How many threads run sync specialists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from langgraph_quorum.state.bounds import is_whole, require
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.keywords import suggesting

ThreadKind = Literal["fixed", "dynamic", "resource_aware"]

LONGEST_IDLE_S = 86_400.0
"""A day: who wants threads for longer wants a fixed pool."""


@suggesting
@dataclass(frozen=True, slots=True)
class ThreadPolicy:
    """How a thread pool grows and shrinks. A thread starts only when a call needs it, whatever the kind.

    Attributes:
        kind: `fixed`: threads are kept once started. `dynamic`: idle threads end. `resource_aware`: as `dynamic`, and
            calls start only while the CPU that those running are measured to take fits on the cores of this process;
            a call that only waits does not count, and what was never measured counts as a whole core.
        size: Threads at most, from 1. An abandoned thread is not counted: another may take its place.
        idle_s: Seconds without work after which a thread ends, above 0 and up to a day; `fixed` has no use for it.
    """

    kind: ThreadKind = "dynamic"
    size: int = 1000
    idle_s: float = 10.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(ThreadKind):
            raise ConfigurationError("kind", self.kind, "give 'fixed', 'dynamic' or 'resource_aware'")
        error = ConfigurationError
        require(error, "size", self.size, lambda x: x >= 1 and is_whole(x), "give a whole number from 1")
        require(error, "idle_s", self.idle_s, lambda x: 0 < x <= LONGEST_IDLE_S, "give seconds above 0, up to a day")
