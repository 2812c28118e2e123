"""What is not in the result, and why: branches that failed, were cut, ran out of time or were skipped.

What was excused is not missing: its condition said no.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.progress.symbols import SIGNS
from langgraph_quorum.orchestration.cli.words import counted, printable, shortened

_SHOWN = 12
_NAMED = 3
"""Specialists that are named; more are counted."""

_Key = tuple[str, str, str]


def print_leftovers(console: Console, branches: Mapping[str, Mapping[str, Any]]) -> None:
    """Print them by document, status and reason; nothing when none is missing."""
    rows = _together(branches)
    if not rows:
        return
    missing = sum(len(names) for names in rows.values())
    console.print()
    console.print(Text(f"Not in the result: {counted(missing, 'branch', 'branches')}", style="bold"))
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=2)
    grid.add_column(ratio=1)
    for (group, status, reason), names in list(rows.items())[:_SHOWN]:
        sign = SIGNS[status]  # type: ignore[index]  # a record's status is one of its keys
        who = ", ".join(sorted(names)) if len(names) <= _NAMED else f"{len(names)} specialists"
        line = Text(f"{shortened(group, 40)}: {who} {sign.word}" if group else f"{who} {sign.word}")
        line.append(f": {shortened(reason, 2 * console.width)}" if reason else "", style="default")
        grid.add_row(Text(" " + sign.on(console.encoding), style=sign.style), line)
    console.print(grid)
    if len(rows) > _SHOWN:
        console.print(Text(f"  and {len(rows) - _SHOWN} more", style="dim"))


def _together(branches: Mapping[str, Mapping[str, Any]]) -> dict[_Key, list[str]]:
    """Names of specialists by document, status and reason."""
    rows: dict[_Key, list[str]] = {}
    for record in branches.values():
        if record["status"] != "succeeded" and not record.get("excused"):
            key = (record["group"], record["status"], printable(record["reason"]))
            rows.setdefault(key, []).append(record["specialist"])
    return rows
