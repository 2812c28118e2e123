"""Progress that nobody asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from langgraph_quorum.orchestration.cli.progress.board import Board


class NoProgress:
    """What `--quiet` shows."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def begin(self, board: Board, title: str) -> None:
        """Say nothing."""

    def stage(self, words: str) -> None:
        """Say nothing."""

    def note(self, words: str) -> None:
        """Say nothing."""

    def saw(self, event: Mapping[str, Any]) -> None:
        """Say nothing."""

    def leave(self) -> None:
        """Nothing is held."""
