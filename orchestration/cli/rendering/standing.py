"""How a run stands that a Python program has started: of a workflow its branches, of another graph its state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.progress.board import Board, Cell
from langgraph_quorum.orchestration.cli.progress.symbols import SIGNS
from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.rendering.outcome import STYLES, reasons
from langgraph_quorum.orchestration.cli.rendering.questions import asked
from langgraph_quorum.orchestration.cli.stored import Standing
from langgraph_quorum.orchestration.cli.thread_ids import command_for
from langgraph_quorum.orchestration.cli.words import age, counted, interval, printable, seconds, share, shortened

_ROWS = 40
_RESULT_LINES = 6
_VALUE_LINES = 2
_LABEL = 10


def print_standing(standing: Standing, now: datetime, *, dsn_given: bool) -> None:
    """Print it on standard output.

    Args:
        standing: The run.
        now: For its age.
        dsn_given: The database was named by `--dsn`, so that further commands must name it too.
    """
    render_standing(stdout_console(), standing, now, dsn_given=dsn_given)


def render_standing(console: Console, standing: Standing, now: datetime, *, dsn_given: bool) -> None:
    """The same on any console."""
    outcome, board = standing.outcome, Board.of(standing.work, standing.outcome.get("branches"))
    console.print(_headline(standing, board))
    console.print(_grid(_facts(standing, now)))
    for line in reasons(outcome):
        console.print(Text(line, style="dim"))
    if board.cells:
        console.print()
        console.print(_branches(board, outcome.get("branches", {}), console))
    state = dict(_state(standing, console.width))
    if state:
        console.print()
        console.print(_grid(state.items()))
    for name, question in outcome["interrupts"].items():
        console.print()
        console.print(Text(asked(question), style="bold"))
        answer = f"Orchestrator.resume({standing.run.thread_id!r}, {{{name!r}: ...}})"
        console.print(Text(f"  answer: from Python, {printable(answer)}"), soft_wrap=True)
    console.print()
    for line in _next_steps(standing, dsn_given=dsn_given):
        console.print(Text(line, style="dim"), soft_wrap=True)


def _headline(standing: Standing, board: Board) -> Text:
    outcome = standing.outcome
    line = Text(standing.run.status, style=STYLES.get(standing.run.status, "bold cyan"))
    if outcome.get("attribution"):
        line.append(f"  quality {share(outcome.get('quality'))} ({interval(outcome.get('confidence_interval'))})")
    if board.cells:
        good = board.counts()["succeeded"]
        line.append(f", {good} of {counted(len(board.cells), 'branch', 'branches')}", style="not bold default")
    if standing.run.reason:
        line.append(f": {shortened(standing.run.reason, 200)}", style="not bold default")
    return line


def _facts(standing: Standing, now: datetime) -> Iterator[tuple[str, str]]:
    run = standing.run
    yield "thread", run.thread_id
    yield "workflow", run.workflow
    if run.task:
        yield "task", run.task
    if run.tags:
        yield "tags", ", ".join(run.tags)
    if run.forked_from is not None:
        yield "copy of", f"{run.forked_from}, as it stood at {run.forked_checkpoint}"
    yield "started", f"{age(now - run.created_at)} ago, last changed {age(now - run.updated_at)} ago"
    if run.asked:
        yield "asked to", f"{run.asked}, and has not done so yet"
    if standing.unread:
        yield "state", standing.unread
    if standing.outcome.get("verdict"):
        yield "verdict", standing.outcome["verdict"]


def _branches(board: Board, records: Mapping[str, Mapping[str, Any]], console: Console) -> Table:
    """One line for each branch, those that did not succeed first."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(12, console.width // 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    rows = sorted(board.cells.items(), key=lambda row: row[1].state == "succeeded")
    for branch_id, cell in rows[:_ROWS]:
        sign = SIGNS[cell.state]
        table.add_row(
            Text(sign.on(console.encoding), style=sign.style),
            Text(printable(branch_id)),
            Text(sign.word, style=sign.style),
            Text(printable(_told(cell, records.get(branch_id)))),
        )
    if len(rows) > _ROWS:
        table.add_row("", Text(f"and {len(rows) - _ROWS} more", style="dim"))
    return table


def _told(cell: Cell, record: Mapping[str, Any] | None) -> str:
    """What there is to say of a branch that has ended."""
    if record is None:
        return ""
    words = seconds(cell.seconds)
    if record.get("attempts", 1) > 1:
        words += f", {record['attempts']} attempts"
    return f"{words}: {record['reason']}" if cell.state != "succeeded" and record.get("reason") else words


def _state(standing: Standing, width: int) -> Iterator[tuple[str, str]]:
    line = max(20, width - _LABEL - 2)
    outcome = standing.outcome
    if standing.work or outcome.get("branches"):
        if outcome.get("result") is not None:
            yield "result", shortened(_json(outcome["result"]), line * _RESULT_LINES)
        return
    if standing.ended:
        yield "ended", ", ".join(standing.ended)
    if standing.following:
        yield "next", ", ".join(standing.following)
    for name, value in standing.values.items():
        yield name, shortened(_json(value), line * _VALUE_LINES)


def _next_steps(standing: Standing, *, dsn_given: bool) -> Iterator[str]:
    thread_id = standing.run.thread_id
    if standing.run.live:
        yield f"watch it:   {command_for('watch', thread_id, dsn_given=dsn_given)}"
    elif standing.run.status in ("interrupted", "cancelled"):
        yield f"go on:      from Python, Orchestrator.resume({thread_id!r})"
    yield f"everything: {command_for('show', thread_id, dsn_given=dsn_given)} --json"


def _grid(rows: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(min_width=_LABEL, max_width=30, no_wrap=True, overflow="ellipsis")
    grid.add_column(ratio=1, overflow="fold")
    for name, value in rows:
        grid.add_row(Text(printable(name), style="bold"), Text(printable(value)))
    return grid


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
