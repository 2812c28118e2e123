"""The outcome of a run for people: the verdict first, then the documents, then what is missing and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.matrix import matrix
from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.rendering.documents import print_documents
from langgraph_quorum.orchestration.cli.rendering.leftovers import print_leftovers
from langgraph_quorum.orchestration.cli.rendering.misses import missed_quality
from langgraph_quorum.orchestration.cli.rendering.questions import print_questions
from langgraph_quorum.orchestration.cli.rendering.summary import summary_table
from langgraph_quorum.orchestration.cli.thread_ids import command_for
from langgraph_quorum.orchestration.cli.threads import FINISHED
from langgraph_quorum.orchestration.cli.words import UNNAMED, counted, interval, printable, seconds, share
from langgraph_quorum.state.records import WorkItem

STYLES = {"approved": "bold green", "partial": "bold yellow", "failed": "bold red", "cancelled": "bold red"}
_ROWS = 40


def print_outcome(outcome: Mapping[str, Any], *, dsn_given: bool, work: Sequence[WorkItem] = ()) -> None:
    """Print it on standard output.

    Args:
        outcome: As the orchestrator gives it.
        dsn_given: The database was named by `--dsn`, so that further commands must name it too.
        work: What was planned, for a run that has not come to its results.
    """
    render_outcome(stdout_console(), outcome, dsn_given=dsn_given, work=work)


def render_outcome(
    console: Console, outcome: Mapping[str, Any], *, dsn_given: bool, work: Sequence[WorkItem] = ()
) -> None:
    """The same on any console."""
    documents = _documents(outcome.get("result")) if outcome["status"] in FINISHED else {}
    board = Board.of(work, outcome.get("branches"))
    console.print(_verdict(outcome, len(board.cells)))
    for line in reasons(outcome):
        console.print(Text(line, style="dim"))
    if documents:
        console.print()
        console.print(summary_table(documents, outcome.get("attribution", []), console.width))
        print_documents(console, documents)
    elif board.cells:
        console.print()
        console.print(matrix(board, now=0.0, width=console.width, rows=_ROWS, encoding=console.encoding))
    print_leftovers(console, outcome.get("branches", {}))
    print_questions(console, outcome, dsn_given=dsn_given)
    console.print()
    for line in _next_steps(outcome, dsn_given):
        console.print(Text(line, style="dim"))


def _documents(result: Any) -> dict[str, Any]:
    """The result by document; {} for anything that is not an analysis of documents."""
    if isinstance(result, Mapping) and all(isinstance(part, Mapping) and "value" in part for part in result.values()):
        return dict(result)
    return {}


def _verdict(outcome: Mapping[str, Any], planned: int) -> Text:
    status, branches = outcome["status"], outcome.get("branches", {}).values()
    line = Text(status, style=STYLES.get(status, "bold cyan"))
    if outcome.get("attribution") and status != "waiting":  # what it asks says that
        line.append(f"  quality of the analysis {share(outcome.get('quality'))}", style="bold")
        line.append(f" ({interval(outcome.get('confidence_interval'))})", style="not bold default")
    if planned:
        good = sum(record["status"] == "succeeded" for record in branches)
        excused = sum(bool(record.get("excused")) for record in branches)
        line.append(f", {good} of {counted(planned - excused, 'branch', 'branches')}", style="not bold default")
        if excused:
            line.append(f" ({excused} excused)", style="not bold default")
    if status in FINISHED and (took := _duration(outcome.get("timeline", []))):
        line.append(f", {took}", style="not bold default")
    return line


def reasons(outcome: Mapping[str, Any]) -> list[str]:
    """Why it ended like this: the error, what the validator found, what the sync points decided."""
    lines = [outcome["error"]["message"]] if outcome.get("error") else []
    if missed := missed_quality(outcome):
        lines.append(missed)
    lines += [finding["message"] for finding in outcome.get("findings", []) if finding["message"] not in "".join(lines)]
    decided = [event for event in outcome.get("timeline", []) if event["node"] == "sync_point"]
    lines += [f"sync point{_named(event)}: {event['why']}" for event in decided if event["why"]]
    return [printable(line) for line in lines]


def _named(event: Mapping[str, Any]) -> str:
    """The name of the sync point that an event is about, where it has one of its own."""
    point = (event.get("data") or {}).get("point", UNNAMED)
    return "" if point == UNNAMED else f" {point}"


def _duration(timeline: Sequence[Mapping[str, Any]]) -> str:
    try:
        times = [datetime.fromisoformat(event["at"]) for event in timeline]
    except ValueError:
        return ""
    return seconds((max(times) - min(times)).total_seconds()) if len(times) > 1 else ""


def _next_steps(outcome: Mapping[str, Any], dsn_given: bool) -> Iterable[str]:
    thread_id = outcome["thread_id"]
    if outcome["status"] in ("interrupted", "cancelled"):
        yield f"go on:      {command_for('resume', thread_id, dsn_given=dsn_given)}"
    if outcome["status"] == "running":
        yield f"watch it:   {command_for('watch', thread_id, dsn_given=dsn_given)}"
    yield f"everything: {command_for('show', thread_id, dsn_given=dsn_given)} --json"
