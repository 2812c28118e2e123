"""Ctrl-C and SIGTERM: the first one drains the run and keeps what is finished, the second one ends the process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from langgraph_quorum.orchestration.run import Run

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BASE = 128  # a shell reports a process that a signal ended as 128 + the signal's number


class Interruption:
    """Listens for signals while it is open. Made inside the task that does the command's work.

    Attributes:
        signal: The signal that came first; None so far.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._run: Run | None = None
        self._tell: Callable[[str], None] | None = None
        self._leave: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            try:
                self._loop.add_signal_handler(number, self._on_signal, number)
            except (NotImplementedError, RuntimeError):  # Windows, or not in the main thread: Python's own Ctrl-C
                break
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number in _SIGNALS:
            try:
                self._loop.remove_signal_handler(number)
            except (NotImplementedError, RuntimeError):
                break

    @property
    def exit_code(self) -> int:
        """What the process ends with when the signal stopped the run."""
        return _BASE + (self.signal or signal.SIGINT)

    def drain(self, run: Run, tell: Callable[[str], None], leave: Callable[[], None]) -> None:
        """From now on the first signal drains this run; before that, it cancels the command.

        Args:
            run: The run.
            tell: Tells the person that the run is being drained.
            leave: Gives the terminal back, when a second signal ends the process.
        """
        self._run, self._tell, self._leave = run, tell, leave
        if self.signal is not None:
            self._ask_run()

    def _on_signal(self, number: signal.Signals) -> None:
        if self.signal is not None:
            self._end_now()
        self.signal = signal.Signals(number)
        if self._run is not None:
            self._ask_run()
        elif self._task is not None:
            self._task.cancel()

    def _ask_run(self) -> None:
        if self._run is not None and self._tell is not None:
            self._run.drain("interrupted")
            self._tell("stopping: what is finished is kept (again to stop at once)")

    def _end_now(self) -> None:
        if self._leave is not None:
            self._leave()
        sys.stderr.write("quorum: stopped at once; what was finished is kept\n")
        sys.stderr.flush()
        os._exit(self.exit_code)
