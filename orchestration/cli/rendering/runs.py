"""The list of runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.words import age, printable
from langgraph_quorum.orchestration.persistence.runs import StoredRun

_STYLES = {"approved": "green", "partial": "yellow", "failed": "red", "running": "cyan", "waiting": "magenta"}


def print_runs(runs: Sequence[StoredRun], now: datetime) -> None:
    """Print a table, the last changed first."""
    console = stdout_console()
    if not runs:
        console.print("no runs yet: start one with `quorum run analyse PATH...`")
        return
    console.print(runs_table(runs, now, console.width))


def runs_table(runs: Sequence[StoredRun], now: datetime, width: int) -> Table:
    """The table: on a narrow terminal long tasks and threads are cut at their end."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("thread", no_wrap=True, overflow="ellipsis", max_width=max(12, width // 4))
    table.add_column("status", no_wrap=True)
    table.add_column("age", no_wrap=True, justify="right")
    table.add_column("workflow", no_wrap=True, overflow="ellipsis", max_width=max(10, width // 5))
    table.add_column("task", no_wrap=True, overflow="ellipsis", ratio=1)
    for run in runs:
        table.add_row(
            Text(printable(run.thread_id)),
            Text(run.status, style=_STYLES.get(run.status, "default")),
            age(now - run.updated_at),
            Text(printable(run.workflow)),
            Text(printable(run.task)),
        )
    return table
