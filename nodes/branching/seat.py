"""A registered specialist, ready to be called."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import Runnable
from langgraph.errors import GraphBubbleUp

from langgraph_quorum.nodes.branching.calling import Caller, Pace, caller_of, pace_of
from langgraph_quorum.nodes.branching.effort import Persistence
from langgraph_quorum.nodes.branching.failure import is_transient
from langgraph_quorum.nodes.branching.jsonable import kept_of
from langgraph_quorum.nodes.branching.loads import Load
from langgraph_quorum.nodes.branching.metering import CpuMeter, TimeMeter
from langgraph_quorum.nodes.branching.thread_pool import ThreadPool
from langgraph_quorum.nodes.branching.threads import shared_pool
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.functions import yes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seat:
    """A registered specialist, ready to be called; `kept` makes of a result what is kept of it.

    `persistence`, `cpu_bound` and `is_plain` follow from the specialist; they are asked for each of its branches.
    Plain is one that is only to be called and awaited: it needs no thread, no share of the processor and no pace, and
    has no second attempt beside the first.
    """

    specialist: Specialist
    call: Caller
    meter: CpuMeter
    pace: Pace | None = None
    clock: TimeMeter = field(default_factory=TimeMeter)
    kept: Callable[[Any], Any] = kept_of
    persistence: Persistence = field(init=False)
    cpu_bound: bool = field(init=False)
    is_plain: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "persistence", Persistence.of(self.specialist))
        object.__setattr__(self, "cpu_bound", self.specialist.cpu > 0)
        waits = self.specialist.is_sync or self.cpu_bound or self.pace is not None
        object.__setattr__(self, "is_plain", not waits and self.persistence.hedge_s is None)

    @classmethod
    def of(cls, specialist: Specialist, others: CpuMeter | None = None, pool: ThreadPool = shared_pool) -> Seat:
        """Seat a specialist.

        Args:
            specialist: Who is asked.
            others: The meter that all specialists of its workflow share.
            pool: Where it runs, when it is a sync function.
        """
        meter = CpuMeter(others)
        return cls(specialist, caller_of(specialist, meter, pool), meter, pace_of(specialist))

    def load(self, beside: Load | None = None) -> Load:
        """What one of its calls takes of the cores: as declared, else as measured. For one that is bound to them."""
        declared = self.specialist.resources.cpu is not None
        return Load(self.specialist.cpu, None if declared else self.meter, beside)

    @property
    def seconds(self) -> float | None:
        """How long its answers take, as measured so far."""
        return self.clock.seconds

    def passes(self, error: BaseException) -> bool:
        """Whether trying again may help."""
        if not isinstance(error, Exception) or isinstance(error, GraphBubbleUp):
            return False
        retry_on = self.specialist.retry_on
        if isinstance(retry_on, (type, tuple)):
            return isinstance(error, retry_on)
        if retry_on is not None:
            try:
                return yes(retry_on(error))
            except Exception:  # noqa: BLE001  it is logged, and a branch never raises
                _log.exception("retry_on of specialist %r failed; the shipped rule decides", self.specialist.name)
        return is_transient(error, in_runnable=isinstance(self.specialist.run, Runnable))
