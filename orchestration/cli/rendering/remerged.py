"""Two merges side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from langgraph_quorum.nodes.explaining.wording import Section
from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.rendering.explanation import print_sections
from langgraph_quorum.orchestration.cli.words import printable

if TYPE_CHECKING:
    from langgraph_quorum.nodes.explaining.remerged import Remerged, Row

_ROWS = 12
_WHAT, _SIDE = 2, 3
"""What is compared takes so many parts of the width, each side so many."""


def print_remerged(told: Remerged) -> None:
    """Print it on standard output."""
    render_remerged(stdout_console(), told)


def render_remerged(console: Console, told: Remerged) -> None:
    """The same on any console."""
    same = "the same result" if told.is_same else "another result"
    title = f"{told.thread_id}: merged again, {same}" if told.first is not None else f"{told.thread_id}: merged now"
    console.print(Text(printable(title), style="bold"))
    console.print(Text("no specialist ran, and nothing was written: the run stays as it is", style="dim"))
    for name, rows in told.tables(_ROWS):
        console.print()
        console.print(_table(name, rows, console.width))
    sections = [Section("Worth a look", told.again["review"][:_ROWS]), Section("Note", told.notes)]
    print_sections(console, [part for part in sections if part.lines])


def _table(title: str, rows: Sequence[Row], width: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", width=width)
    table.add_column(Text(title), ratio=_WHAT, overflow="fold")
    table.add_column("first", ratio=_SIDE, overflow="fold")
    table.add_column("again", ratio=_SIDE, overflow="fold")
    for row in rows:
        differs = "" if row["first"] == row["again"] else "bold"
        table.add_row(
            *(Text(printable(cell)) for cell in (row["what"], row["first"])), Text(printable(row["again"]), differs)
        )
    return table
