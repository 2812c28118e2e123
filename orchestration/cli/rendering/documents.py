"""A section for each document: what each specialist found, with its places, and where to look next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.words import interval, place, printable, shortened

_FINDINGS = ((1, 4, 2), (3, 2, 2), (8, 1, 1))
"""Up to so many documents, so many findings of each specialist, each of so many lines."""
_FULL = 8
"""With more documents, one line of each document is shown."""
_LABEL = 14
_LINES = 2
"""A headline takes at most so many lines."""
_RAGGED = 10
"""Columns that wrapping at words may leave empty."""
_INDENT = 2
_SEVERITY_STYLES = {"error": "red", "warning": "yellow"}


def print_documents(console: Console, documents: Mapping[str, Any]) -> None:
    """Print a section for each document; the more documents, the shorter."""
    detail = next(((count, lines) for most, count, lines in _FINDINGS if len(documents) <= most), (0, 0))
    for name, part in documents.items():
        value = part["value"]
        if not isinstance(value, Mapping) or "specialists" not in value:
            continue
        console.print()
        console.print(_title(console, name, part))
        console.print(_section(part, detail, console.width, full=len(documents) <= _FULL))


def _title(console: Console, name: str, part: Mapping[str, Any]) -> Rule:
    title = Text(shortened(name, max(20, console.width - 52)), style="bold")
    title.append(
        f"  analysis quality {part['quality']:.2f} ({interval(part['confidence_interval'])})", style="not bold default"
    )
    return Rule(title, align="left", style="dim", characters="─" if console.encoding.startswith("utf") else "-")


def _section(part: Mapping[str, Any], detail: tuple[int, int], width: int, *, full: bool) -> Table:
    line = width - _LABEL - 1
    room = line * _LINES - _RAGGED
    count, lines = detail
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=_LABEL, no_wrap=True)
    grid.add_column(ratio=1)
    by_share = _by_share(part)
    for specialist, share in by_share if full else by_share[:1]:
        report = part["value"]["specialists"][specialist]
        label = Text(specialist[:10], style="bold cyan")
        label.append(f" {share:.0%}", style="not bold dim")
        grid.add_row(label, Text(shortened(report["headline"], room)))
        for finding in _foremost(report, count):
            grid.add_row("", _finding(finding, (line - _INDENT) * lines - (_RAGGED if lines > 1 else 0)))
    looks = part["value"].get("look_next", [])[: None if full else 1]
    for number, look in enumerate(looks):
        grid.add_row(Text("look next" if not number else "", style="bold magenta"), _look(look, room))
    return grid


def _by_share(part: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The specialists with their shares, the heaviest first. A branch is called `specialist@document`."""
    shares = {branch.partition("@")[0]: share for branch, share in part["contributions"].items()}
    names = part["value"]["specialists"]
    return sorted(((name, shares.get(name, 0.0)) for name in names), key=lambda row: (-row[1], row[0]))


def _foremost(report: Mapping[str, Any], count: int) -> list[Mapping[str, Any]]:
    """Findings that say something new: not the headline again, and one of each kind before a second of any."""
    headline = printable(report["headline"])
    fresh = [finding for finding in report["findings"] if printable(finding["text"]) not in headline]
    firsts: dict[str, Mapping[str, Any]] = {}
    for finding in fresh:
        firsts.setdefault(finding["kind"], finding)
    rest: Sequence[Mapping[str, Any]] = [finding for finding in fresh if finding is not firsts[finding["kind"]]]
    return [*firsts.values(), *rest][:count]


def _finding(finding: Mapping[str, Any], room: int) -> Padding:
    where = f"{place(finding['where'])}: "
    line = Text(where, style=_SEVERITY_STYLES.get(finding.get("severity", ""), "dim"))
    line.append(shortened(finding["text"], room - len(where)), style="not dim default")
    return Padding(line, (0, 0, 0, _INDENT))


def _look(look: Mapping[str, Any], room: int) -> Text:
    where = f"{place(look['where'])}, {look['severity']} ({look['specialist']}): "
    line = Text(where, style=_SEVERITY_STYLES.get(look["severity"], "default"))
    line.append(shortened(look["text"], room - len(where)), style="not dim default")
    return line
