"""What a run asks about its result: quality, what is unmet, the disagreement side by side, and how to answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.thread_ids import command_for
from langgraph_quorum.orchestration.cli.words import counted, interval, printable, shortened

if TYPE_CHECKING:
    from langgraph_quorum.orchestration.cli.review import OpenQuestion

_ROWS = 12
_NAMED = 3
_VALUE = 160
_LINE = 600
_TITLES = {"sync_point": "Go on with what has come in?", "validator": "Go on to the checks with this result?"}
_OPTIONS = {
    "approve": ("--approve", "take it as it is"),
    "edit": ("--edit FILE", "take what the file holds instead, JSON"),
    "pick": ("--pick BRANCH", "take this branch's result instead"),
    "retry": ("--retry BRANCH [--message WORDS]", "do it once more"),
    "reject": ("--reject REASON", "do not take it"),
}


def print_review(question: OpenQuestion, *, dsn_given: bool) -> None:
    """Print it on standard output.

    Args:
        question: The open question.
        dsn_given: The database was named by `--dsn`, so that further commands must name it too.
    """
    render_review(stdout_console(), question, dsn_given=dsn_given)


def render_review(console: Console, question: OpenQuestion, *, dsn_given: bool) -> None:
    """The same on any console."""
    review = question.asked["review"]
    console.print(Text(title_of(review), style="bold"))
    if review.get("quality") is not None:
        console.print(Text(f"quality {review['quality']:.2f} ({interval(review.get('confidence_interval'))})"))
    if review.get("complaint"):
        console.print(Text(f"the last answer did not fit: {printable(review['complaint'])}", style="red"))
    findings = [f"{one['severity']}: {one['message']}" for one in review.get("findings", [])]
    _print_list(console, "Not met", findings)
    _print_list(console, "Worth a look", review.get("worth_a_look", []))
    _print_disagreements(console, review.get("disagreements", []))
    _print_weights(console, review.get("attribution", []))
    _print_list(console, "Without a result", [f"{name}: {why}" for name, why in review.get("missing", {}).items()])
    if review["kind"] == "pause":
        statuses = review.get("branches", {})
        _print_list(console, "So far", [f"{name}: {status}" for name, status in statuses.items()])
    else:
        _print_value(console, question.value)
    console.print()
    for line in _how_to_answer(question, dsn_given):
        console.print(line)


def title_of(review: Mapping[str, Any]) -> str:
    """The question in a few words."""
    return _TITLES.get(review.get("before", ""), "Approve the result?")


def in_short(review: Mapping[str, Any]) -> str:
    """The question on one line, with what it is about."""
    parts = [title_of(review)]
    if review.get("quality") is not None:
        parts.append(f"Quality {review['quality']:.2f} ({interval(review.get('confidence_interval'))})")
    if findings := review.get("findings"):
        parts.append(f"not met: {'; '.join(one['message'] for one in findings)}")
    if sides := review.get("disagreements"):
        parts.append(f"disagreement on {counted(len(sides), 'field')}")
    return shortened(f"{parts[0]} {', '.join(parts[1:])}".strip(), _LINE)


def _print_list(console: Console, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    console.print()
    console.print(Text(title, style="bold"))
    for line in lines[:_ROWS]:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_row(" -", Text(printable(str(line))))
        console.print(grid)
    if len(lines) > _ROWS:
        console.print(Text(" - and more (--json)", style="dim"))


def _print_value(console: Console, value: Any) -> None:
    """The result, where it is short enough to be read here."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= _VALUE:
        _print_list(console, "The result", [_shown(value)])
    else:
        console.print()
        console.print(Text(f"The result has {len(text)} characters: --json shows it", style="dim"))


def _print_disagreements(console: Console, sides: Sequence[Mapping[str, Any]]) -> None:
    if not sides:
        return
    console.print()
    console.print(Text("Where specialists disagree", style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", expand=False)
    table.add_column("Field", ratio=1, overflow="fold", max_width=console.width // 4)
    table.add_column("Taken", ratio=2, overflow="fold")
    table.add_column("Against", ratio=2, overflow="fold")
    for one in sides[:_ROWS]:
        against = Text("\n").join(_side(other) for other in one["against"])
        table.add_row(Text(printable(one["field"]) or "(all of it)"), _side(one["taken"]), against)
    console.print(table)
    if len(sides) > _ROWS:
        console.print(Text("and more (--json)", style="dim"))


def _side(side: Mapping[str, Any]) -> Text:
    """A value, and below it who holds it."""
    share = "" if side.get("share") is None else f"{side['share']:.0%}"
    parts = [share, _named(side.get("branches", []))]
    line = Text(_shown(side["value"]))
    who = ": ".join(part for part in parts if part)
    return line.append(f"\n  {who}", style="dim") if who else line


def _named(names: Sequence[str]) -> str:
    if len(names) <= _NAMED + 1:
        return ", ".join(printable(name) for name in names)
    return f"{', '.join(printable(name) for name in names[:_NAMED])} and {len(names) - _NAMED} more"


def _print_weights(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("Who it rests on", overflow="ellipsis", no_wrap=True)
    table.add_column("Weight", justify="right", no_wrap=True)
    table.add_column("Quality", no_wrap=True)
    for row in rows[:_ROWS]:
        quality = f"{row['quality']:.2f}{' assumed' * bool(row['quality_assumed'])}"
        table.add_row(Text(printable(row["branch_id"])), f"{row['weight']:.0%}", quality)
    console.print(table)
    if len(rows) > _ROWS:
        console.print(Text("and more (--json)", style="dim"))


def _shown(value: Any) -> str:
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _VALUE)


def _how_to_answer(question: OpenQuestion, dsn_given: bool) -> Iterable[Any]:
    review = question.asked["review"]
    command = command_for("review", question.thread_id, dsn_given=dsn_given)
    if question.overdue:
        yield Text(f"its time was up at {_moment(review['expires_at'])}: {command} --expired ({review['on_expiry']})")
        return
    yield Text(f"answer: {command} ...", style="bold")
    grid = Table.grid(padding=(0, 2, 0, 0))
    for kind in review["allowed"]:
        option, meaning = _OPTIONS[kind]
        if review["kind"] == "pause" and kind in ("approve", "reject"):
            meaning = "go on" if kind == "approve" else "stop"
        grid.add_row(Text(f"  {option}"), Text(meaning, style="dim"))
    yield grid
    if review.get("expires_at"):
        yield Text(f"until {_moment(review['expires_at'])}, then: {review['on_expiry']}", style="dim")


def _moment(written: str) -> str:
    return datetime.fromisoformat(written).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
