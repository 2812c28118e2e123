"""The signs for the states of branches, and how they are coloured."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph_quorum.orchestration.cli.progress.board import CellState


@dataclass(frozen=True, slots=True)
class Sign:
    """How a state is shown: its sign, the sign where there is only ASCII, its style, and its name in words."""

    sign: str
    ascii: str
    style: str
    word: str

    def on(self, encoding: str) -> str:
        """The sign for a terminal of this encoding."""
        return self.sign if encoding.lower().replace("-", "").startswith("utf") else self.ascii


SIGNS: dict[CellState, Sign] = {
    "planned": Sign("·", ".", "dim", "planned"),
    "waiting": Sign("·", ".", "dim", "waiting"),
    "running": Sign("▸", ">", "cyan", "running"),
    "retrying": Sign("↻", "@", "yellow", "trying again"),
    "succeeded": Sign("✓", "+", "green", "succeeded"),
    "failed": Sign("✗", "x", "red", "failed"),
    "timed_out": Sign("⧖", "t", "yellow", "timed out"),
    "cut": Sign("✂", "-", "yellow", "cut"),
    "skipped": Sign("○", "o", "yellow", "skipped"),
    "awaiting_human": Sign("?", "?", "magenta", "asks a human"),
}
