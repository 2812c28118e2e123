"""Progress where there is no terminal: one line for each event, on standard error."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any, Self, TextIO

from langgraph_quorum.orchestration.cli.progress.board import STAGES, Board
from langgraph_quorum.orchestration.cli.words import UNNAMED, counted, printable, seconds

_QUIET_S = 5.0
"""Seconds without a line after which it is said that the run goes on."""
_NAMED = 3


class PlainProgress:
    """Lines on a stream. Opened as an async context, like its siblings."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._began = time.monotonic()
        self._running: dict[str, None] = {}
        self._lines = 0
        self._ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._ticking = asyncio.create_task(self._tick(), name="quorum:progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()
        if self._ticking is not None:
            await asyncio.wait({self._ticking})

    def begin(self, board: Board, title: str) -> None:
        """Say which run begins."""
        kept = f", {board.kept} of them finished already" if board.kept else ""
        self._line(f"{title}: {counted(len(board.cells), 'branch', 'branches')}{kept}")

    def stage(self, words: str) -> None:
        """Say what is going on."""
        self._line(words)

    def note(self, words: str) -> None:
        """Say something."""
        self._line(words)

    def saw(self, event: Mapping[str, Any]) -> None:
        """Write the event's line, when it is worth one."""
        if event.get("quorum") == "branch":
            if event["event"] in ("running", "retrying", "fallback"):
                self._running[event["branch_id"]] = None
            else:
                self._running.pop(event["branch_id"], None)
        if line := line_of(event):
            self._line(line)

    def leave(self) -> None:
        """Say no more by itself."""
        if self._ticking is not None:
            self._ticking.cancel()

    async def _tick(self) -> None:
        """Say which branches run while nothing else is to be said: the first ones of a process take the longest."""
        while True:
            before = self._lines
            await asyncio.sleep(_QUIET_S)
            if self._lines == before and self._running:
                names = list(self._running)
                more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
                self._line(f"still running: {', '.join(names[:_NAMED])}{more}")

    def _line(self, words: str) -> None:
        self._stream.write(f"{time.monotonic() - self._began:7.1f} s  {printable(words)}\n")
        self._stream.flush()
        self._lines += 1


def line_of(event: Mapping[str, Any]) -> str:
    """An event in words; "" for one that tells nothing, as a branch that waits for its turn."""
    if event.get("quorum") == "node":
        return STAGES.get(event["node"], "")
    if event.get("quorum") != "branch" or event["event"] == "waiting":
        return ""
    name, kind, sync = event["branch_id"], event["event"], event["sync"]
    if kind == "running":
        return f"{name} running" + (f" (attempt {event['attempt']})" if event.get("attempt", 1) > 1 else "")
    if kind == "retrying":
        return f"{name} tries again in {seconds(event['in_s'])} after {event['error']}"
    if kind == "fallback":
        return f"{name} goes to {event['to']} after {event['error']}"
    reason = f": {event['reason']}" if event.get("reason") else ""
    point = sync.get("point", UNNAMED)
    far = f"{sync['good']} good, {sync['needed']} needed, {sync['settled']} of {sync['total']} ended"
    far = far if point == UNNAMED else f"{point}: {far}"
    return f"{name} {kind.replace('_', ' ')} after {seconds(event.get('seconds', 0.0))} ({far}){reason}"
