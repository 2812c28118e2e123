"""One run being driven: its events while it goes on, its outcome when it has stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

from langgraph.runtime import RunControl

from langgraph_quorum.nodes.branching.harvest import late_results
from langgraph_quorum.orchestration.bounds import check_seconds
from langgraph_quorum.state.records import BranchRecord

Event = Mapping[str, Any]
"""`{"quorum": "branch", ...}` from branches, `{"quorum": "node", "node": name}` when a node has ended. From a graph
that runs inside of a node: `{"quorum": "inner", "within": names, "event": event}`, where a name is `node:task id`,
the outermost first. What a node tells by itself, through LangGraph's stream writer, comes as it is.
"""

_END = None
_TAKE_S = 1.0
"""For a run whose thread is about to be ours; one that still waits for another driver has nothing to keep."""


class Run:
    """A run that was started or resumed. Awaiting its result does not drive it: it is on its way already.

    Attributes:
        thread_id: Of the thread.
        workflow_id: Of the workflow that the thread runs, once the run has stopped; "" for another graph.
        control: Asks the graph to stop soon.
        cutting: Set once the run is to stop at once.
        cancelled: Whether that is for good.
        reason: Why; None when nobody said.
        taken: Whether its thread is ours.
    """

    def __init__(self, thread_id: str) -> None:
        self.thread_id = thread_id
        self.workflow_id = ""
        self.control: RunControl = RunControl()
        self.cutting: asyncio.Event = asyncio.Event()
        self.cancelled = False
        self.reason: str | None = None
        self.taken = False
        self._awaited = False
        self._task: asyncio.Task[dict[str, Any]] | None = None
        self._listeners: set[asyncio.Queue[Event | None]] = set()

    def begin(self, driving: Coroutine[Any, Any, dict[str, Any]]) -> None:
        """Start driving. Called once, by the orchestrator."""
        self._task = asyncio.create_task(driving, name=f"quorum:run:{self.thread_id}")
        self._task.add_done_callback(self._ended)

    async def result(self) -> dict[str, Any]:
        """The outcome, once the run has stopped: finished, waiting for a human, interrupted by a drain, or cancelled.

        Nobody has to ask for it: of a run that fails before anybody does, a warning is logged.

        Its keys `thread_id`, `status` and `interrupts` are always ours: fields of the same names, of a graph of your
        own, are under `values`.

        A caller that is cancelled while waiting does not stop the run.

        Raises:
            QuorumError: whatever stopped it: a plan that cannot be done, the database, a lost lease.
        """
        if self._task is None:
            raise RuntimeError("the run has not begun: runs are made by Orchestrator.start and resume")
        self._awaited = True
        return await asyncio.shield(self._task)

    async def late(self, within_s: float) -> dict[str, BranchRecord]:
        """What stragglers have given after the run's end, where its sync policy says `harvest`.

        The run's outcome names them as `pending`, and stays as it is. They live in this process only.

        Args:
            within_s: Seconds to wait, for the run's end and then for the stragglers, from 0.

        Returns:
            By branch id, the records of those that have ended: successes and failures, `late` in each. Each is given
            once; one that still goes on can be asked for again. Empty while the run goes on.

        Raises:
            ConfigurationError: `within_s` has no end.
        """
        check_seconds("within_s", within_s)
        if self._task is None:
            return {}
        until = asyncio.get_running_loop().time() + within_s
        await asyncio.wait({self._task}, timeout=within_s)
        if not self._task.done() or not self.workflow_id:
            return {}
        return await late_results(self.workflow_id, max(0.0, until - asyncio.get_running_loop().time()))

    def events(self) -> AsyncIterator[Event]:
        """What happens from this call on, until the run stops."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            queue.put_nowait(_END)
        return self._listen(queue)

    @property
    def heard(self) -> bool:
        """Whether anybody listens to its events now."""
        return bool(self._listeners)

    def drain(self, reason: str = "asked to stop") -> None:
        """Ask the run to stop soon: what is finished is kept, the rest runs again on resume."""
        self.control.request_drain(reason)

    def cut(self, reason: str | None = None) -> None:
        """Stop the run at once, as cancelled: what is finished is kept, running branches are cancelled."""
        self.reason, self.cancelled = reason, True
        self.cutting.set()

    async def ended(self, within_s: float) -> bool:
        """Whether it has stopped, of whatever kind, within these seconds."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=within_s)
        return self.stopped

    @property
    def attended(self) -> bool:
        """Whether somebody awaits its result, or listens to its events."""
        return self._awaited or bool(self._listeners)

    @property
    def stopped(self) -> bool:
        """Whether it has come to an end, of whatever kind."""
        return self._task is not None and self._task.done()

    async def stop(self, timeout_s: float) -> None:
        """Drain, and break off what has not stopped in time: it is `interrupted` then, as if it had been drained.

        Never raises for the run's own failure. One that waits for its thread is given a second.

        Raises:
            ConfigurationError: `timeout_s` has no end.
        """
        check_seconds("timeout_s", timeout_s)
        if self._task is None:
            return
        self.drain()
        await asyncio.wait({self._task}, timeout=timeout_s if self.taken else min(timeout_s, _TAKE_S))
        if self.taken:
            self.cutting.set()
        else:
            self._task.cancel()
        await asyncio.wait({self._task}, timeout=timeout_s)

    def tell(self, event: Event) -> None:
        """Pass an event on to whoever listens."""
        self._tell_all(event)

    def _ended(self, task: asyncio.Task[dict[str, Any]]) -> None:
        if not task.cancelled():
            task.exception()  # whoever drives it has told of it: asyncio need not
        self._tell_all(_END)

    def _tell_all(self, event: Event | None) -> None:
        for queue in self._listeners:
            queue.put_nowait(event)

    async def _listen(self, queue: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
        try:
            while (event := await queue.get()) is not _END:
                yield event
        finally:
            self._listeners.discard(queue)
