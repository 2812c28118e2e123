"""Progress on a terminal: one view that is drawn anew several times a second, and vanishes when the run has stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.matrix import matrix
from langgraph_quorum.orchestration.cli.progress.symbols import SIGNS
from langgraph_quorum.orchestration.cli.words import printable, seconds

_REFRESH_S = 0.15
_FRAME_LINES = 6
"""Lines around the table, with one bar of a sync point: title, column heads, bar, signs, and spare ones."""
_BAR = 30
_BARS_SHARE = 6
"""One line in so many may be the bar of a sync point; of more points, the first have theirs."""


class LiveProgress:
    """A view on standard error. Open it as an async context."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._board = Board()
        self._title = ""
        self._began = time.monotonic()
        self._ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._live.start()
        self._ticking = asyncio.create_task(self._tick(), name="quorum:progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()
        if self._ticking is not None:
            await asyncio.wait({self._ticking})

    def begin(self, board: Board, title: str) -> None:
        """Show this run from now on."""
        self._board, self._title, self._began = board, title, time.monotonic()

    def stage(self, words: str) -> None:
        """Say what is going on."""
        self._board.stage = words
        self._draw()

    def note(self, words: str) -> None:
        """Say something that stays on the screen."""
        self._console.print(Text(printable(words)))

    def saw(self, event: Mapping[str, Any]) -> None:
        """Take an event in; it is drawn with the next refresh."""
        self._board.apply(event, time.monotonic())

    def leave(self) -> None:
        """Give the terminal back."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._live.stop()

    async def _tick(self) -> None:
        while True:
            self._draw()
            await asyncio.sleep(_REFRESH_S)

    def _draw(self) -> None:
        size = self._console.size
        passed = time.monotonic() - self._began
        view = progress_view(
            self._board,
            self._title,
            passed_s=passed,
            now=time.monotonic(),
            width=size.width,
            height=size.height,
            encoding=self._console.encoding,
        )
        self._live.update(view, refresh=True)


def progress_view(
    board: Board, title: str, *, passed_s: float, now: float, width: int, height: int, encoding: str
) -> RenderableType:
    """What is drawn: never more than `height - 1` lines of `width` columns.

    Args:
        board: The branches.
        title: Of the run.
        passed_s: Seconds since the command took the run up.
        now: On the clock of the board.
        width: Columns of the terminal.
        height: Lines of the terminal.
        encoding: Of the terminal.
    """
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(printable(title), style="bold")
    head.append(f"{'  ' if title else ''}{seconds(passed_s)}  ", style="dim")
    head.append(printable(board.stage))
    if not board.cells:
        return head
    foot = _foot(board, encoding, bars=max(1, height // _BARS_SHARE))
    table = matrix(board, now=now, width=width, rows=max(1, height - _FRAME_LINES - len(foot) + 1), encoding=encoding)
    return Group(head, table, *foot)


def _foot(board: Board, encoding: str, bars: int) -> list[Text]:
    counts = board.counts()
    signs = Text(no_wrap=True, overflow="ellipsis", style="dim")
    for state, sign in SIGNS.items():
        if counts[state] and state != "planned":
            signs.append(f"{sign.on(encoding)} {sign.word} {counts[state]}   ")
    shown = list(board.points.items())[:bars]
    lines = [_bar(sync, name if len(board.points) > 1 else "", encoding) for name, sync in shown]
    if lines and board.kept:
        lines[0].append(f", {board.kept} from before", style="dim")
    return [*lines, signs]


def _bar(sync: Mapping[str, Any], name: str, encoding: str) -> Text:
    """How far a sync point has come; with its name where there are several."""
    good, needed, total = sync["good"], sync["needed"], sync["total"]
    filled = round(_BAR * min(1.0, good / needed)) if needed > 0 else _BAR
    full, empty = ("━", "╌") if encoding.lower().startswith("utf") else ("#", "-")
    bar = Text(no_wrap=True, overflow="ellipsis")
    bar.append(full * filled, style="green" if good >= needed else "cyan")
    bar.append(empty * (_BAR - filled), style="dim")
    bar.append(f"  {printable(name)}: " if name else "  ")
    bar.append(f"{good} good, {needed} needed, {sync['settled']} of {total} ended")
    return bar
