"""The list of runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.words import age, printable, shortened
from langgraph_quorum.orchestration.persistence.runs import StoredRun

_STYLES = {"approved": "green", "partial": "yellow", "failed": "red", "running": "cyan", "waiting": "magenta"}

_GAP = 2
_LEAST_TASK = 10
_LONGEST_WORKFLOW = 20


def print_runs(runs: Sequence[StoredRun], now: datetime) -> None:
    """Print a table, the last changed first."""
    console = stdout_console()
    if not runs:
        console.print("no runs yet: start one with `quorum run analyse PATH...`")
        return
    console.print(runs_table(runs, now, console.width))


def runs_table(runs: Sequence[StoredRun], now: datetime, width: int) -> Table:
    """The table. On a narrow terminal tasks are cut, and long workflows; threads never are, for they are typed."""
    rows = [(printable(run.thread_id), run.status, age(now - run.updated_at), printable(run.workflow)) for run in runs]
    taken = sum(max(map(len, column)) + _GAP for column in list(zip(*rows, strict=True))[:3])
    workflow = max(len("workflow"), min(max(len(row[3]) for row in rows), _LONGEST_WORKFLOW))
    task = max(_LEAST_TASK, width - taken - workflow - _GAP)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("thread", overflow="fold", min_width=len("thread"))
    table.add_column("status", no_wrap=True, min_width=max(len(row[1]) for row in rows))
    table.add_column("age", no_wrap=True, justify="right", min_width=max(len(row[2]) for row in rows))
    table.add_column("workflow", no_wrap=True, min_width=workflow)
    table.add_column("task", no_wrap=True, overflow="ellipsis")
    for run, (thread, status, old, name) in zip(runs, rows, strict=True):
        style = _STYLES.get(status, "default")
        table.add_row(
            Text(thread), Text(status, style=style), old, shortened(name, workflow), Text(shortened(run.task, task))
        )
    return table
