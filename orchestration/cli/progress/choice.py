"""Which kind of progress is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Protocol, Self

from langgraph_quorum.orchestration.cli.progress.board import Board


class Progress(Protocol):
    """Shows a run while it goes on."""

    async def __aenter__(self) -> Self:
        """Begin to show."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Stop, and give the terminal back."""
        ...

    def begin(self, board: Board, title: str) -> None:
        """A run begins, or goes on."""
        ...

    def stage(self, words: str) -> None:
        """What is going on."""
        ...

    def note(self, words: str) -> None:
        """Something that people should still be able to read afterwards."""
        ...

    def saw(self, event: Mapping[str, Any]) -> None:
        """An event of the run."""
        ...

    def leave(self) -> None:
        """Give the terminal back at once."""
        ...


def progress_for(*, quiet: bool) -> Progress:
    """A live view on a terminal, lines elsewhere, nothing when quiet."""
    if quiet:
        from langgraph_quorum.orchestration.cli.progress.silent import NoProgress  # noqa: PLC0415

        return NoProgress()
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from langgraph_quorum.orchestration.cli.progress.live import LiveProgress  # noqa: PLC0415  imports rich

        return LiveProgress()
    from langgraph_quorum.orchestration.cli.progress.plain import PlainProgress  # noqa: PLC0415

    return PlainProgress()
