"""The list of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.words import age, printable, shortened
from langgraph_quorum.orchestration.persistence.runs import StoredRun

_STYLES = {
    "approved": "green",
    "partial": "yellow",
    "failed": "red",
    "running": "cyan",
    "waiting": "magenta",
    "cancelled": "red",
}

_COLUMNS = ("thread", "status", "age", "workflow", "task")
_GAP = 2
_LEAST_THREAD = 12
_LEAST_TASK, _LEAST_WORKFLOW = 10, 8
_LONGEST_WORKFLOW = 20


def print_runs(runs: Sequence[StoredRun], now: datetime, *, after: str | None = None, narrowed: bool = False) -> None:
    """Print a table, the last changed first.

    Args:
        runs: One page of them.
        now: For their ages.
        after: The mark of the next page, when there is one.
        narrowed: Only some runs were asked for.
    """
    console = stdout_console()
    if not runs:
        none = "no such runs" if narrowed else "no runs yet: start one with `quorum run analyse PATH...`"
        console.print(none)
        return
    console.print(runs_table(runs, now, console.width))
    if after is not None:
        console.print(Text(f"more: the same with --after {after}", style="dim"), soft_wrap=True)


def runs_table(runs: Sequence[StoredRun], now: datetime, width: int) -> Text:
    """The table: no column is ever left out, and threads are always whole, for they are typed.

    A thread that would leave the other columns no room has a line of its own above them; on a narrow terminal all have.
    """
    rows = [_cells(run, now) for run in runs]
    widths = _widths(rows, width)
    lines = [_line(dict(zip(_COLUMNS, _COLUMNS, strict=True)), widths, "bold")]
    for row in rows:
        if cell_len(row["thread"]) > widths["thread"]:
            lines.append(Text(row["thread"]))
        lines.append(_line(row, widths, "", _STYLES.get(row["status"], "default")))
    return Text("\n").join(lines)


def _cells(run: StoredRun, now: datetime) -> dict[str, str]:
    texts = (run.thread_id, run.status, age(now - run.updated_at), run.workflow, run.task)
    return dict(zip(_COLUMNS, map(printable, texts), strict=True))


def _widths(rows: Sequence[Mapping[str, str]], width: int) -> dict[str, int]:
    """Columns that each column takes. The task gives way first, then the workflow, then the thread."""
    longest = {name: max(cell_len(text) for text in (name, *(row[name] for row in rows))) for name in _COLUMNS}
    fixed = longest["status"] + longest["age"] + (len(_COLUMNS) - 1) * _GAP
    for workflow in (min(longest["workflow"], _LONGEST_WORKFLOW), _LEAST_WORKFLOW):
        room = width - fixed - workflow - _LEAST_TASK
        thread = longest["thread"] if longest["thread"] <= room else _next_longest(rows, room)
        if room >= _LEAST_THREAD or thread == longest["thread"]:
            break
    else:
        thread = 0  # all threads on lines of their own, and the columns a little indented below
        workflow = max(_LEAST_WORKFLOW, min(workflow, width - fixed - _LEAST_TASK))
    task = max(1, width - fixed - workflow - thread)
    return {"thread": thread, "status": longest["status"], "age": longest["age"], "workflow": workflow, "task": task}


def _next_longest(rows: Sequence[Mapping[str, str]], room: int) -> int:
    """The longest thread of those that fit."""
    return max([len("thread"), *(n for row in rows if (n := cell_len(row["thread"])) <= room)])


def _line(row: Mapping[str, str], widths: Mapping[str, int], style: str, status_style: str = "") -> Text:
    line = Text(style=style)
    for name in _COLUMNS[:-1]:
        text = shortened(row[name], widths[name]) if name == "workflow" else row[name]
        if name == "thread":
            text = text if cell_len(text) <= widths[name] else ""
        space = " " * (widths[name] - cell_len(text))
        line.append(space + text if name == "age" else text, style=status_style if name == "status" else "")
        line.append(" " * _GAP if name == "age" else space + " " * _GAP)
    line.append(shortened(row["task"], widths["task"]))
    line.truncate(sum(widths.values()) + _GAP * (len(_COLUMNS) - 1), overflow="ellipsis")
    return line
