"""The list of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.words import age, printable, shortened
from langgraph_quorum.orchestration.persistence.runs import StoredRun

_STYLES = {"approved": "green", "partial": "yellow", "failed": "red", "running": "cyan", "waiting": "magenta"}

_MEASURED = ("thread", "status", "age", "workflow")
_LEFT_OUT_FIRST = ("workflow", "task", "age", "status")
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
    """The table. Threads are always whole, for they are typed: on a narrow terminal tasks and long workflows are cut.

    Where that is not enough the workflow is left out, then the task, the age and the status. A thread that is wider
    than the terminal goes on in the next line.
    """
    rows = [(printable(run.thread_id), run.status, age(now - run.updated_at), printable(run.workflow)) for run in runs]
    columns = zip(_MEASURED, zip(*rows, strict=True), strict=True)
    needed = {name: max(map(cell_len, (name, *texts))) for name, texts in columns}
    needed["workflow"] = min(needed["workflow"], _LONGEST_WORKFLOW)
    needed["task"] = _LEAST_TASK
    for name in _LEFT_OUT_FIRST:
        if _width(needed) > width:
            del needed[name]
    if "task" in needed:
        needed["task"] += width - _width(needed)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for name, most in needed.items():
        table.add_column(
            name,
            no_wrap=name != "thread",
            overflow="fold" if name == "thread" else "ellipsis",
            justify="right" if name == "age" else "left",
            min_width=None if name == "task" else min(most, width),
            max_width=min(most, width),
        )
    for run, row in zip(runs, rows, strict=True):
        cells = {
            "thread": Text(row[0]),
            "status": Text(row[1], style=_STYLES.get(row[1], "default")),
            "age": Text(row[2]),
            "workflow": Text(shortened(row[3], needed.get("workflow", 1))),
            "task": Text(shortened(run.task, needed.get("task", 1))),
        }
        table.add_row(*(cells[name] for name in needed))
    return table


def _width(needed: Mapping[str, int]) -> int:
    return sum(needed.values()) + _GAP * (len(needed) - 1)
