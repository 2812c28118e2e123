"""One line for each document: its quality with the interval, and the share of each specialist in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.words import interval, printable, shortened

_FIGURES = 26
"""Columns that quality and interval take."""
_LEAST_NAME = 14
_SHORT = 4


def summary_table(documents: Mapping[str, Any], attribution: Sequence[Mapping[str, Any]], width: int) -> Table:
    """The table.

    Args:
        documents: By name: `quality`, `confidence_interval` and `contributions` by branch.
        attribution: Of the whole result; tells which specialist a branch is of.
        width: Columns of the terminal; specialists' names are cut to four letters where it is narrow.
    """
    by_branch = {row["branch_id"]: row["specialist"] for row in attribution}
    specialists = sorted(set(by_branch.values()))
    room = width - _FIGURES - _LEAST_NAME
    full = sum(max(len(name), _SHORT) + 1 for name in specialists) <= room
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("Document", overflow="ellipsis", no_wrap=True, min_width=_LEAST_NAME)
    table.add_column("Quality", justify="right", no_wrap=True)
    table.add_column("95 % interval", no_wrap=True)
    for name in specialists:
        table.add_column(name if full else name[:_SHORT], justify="right", no_wrap=True)
    for name, part in documents.items():
        shares = {by_branch.get(branch, ""): share for branch, share in part["contributions"].items()}
        cells = [f"{shares[who]:.0%}" if who in shares else Text("-", style="red") for who in specialists]
        quality = f"{part['quality']:.2f}"
        table.add_row(
            Text(shortened(printable(name), max(_LEAST_NAME, width // 3))),
            quality,
            interval(part["confidence_interval"]),
            *cells,
        )
    return table
