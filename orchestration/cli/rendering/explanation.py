"""An explanation on the console: titles, and lines that wrap behind their dash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.thread_ids import command_for
from langgraph_quorum.orchestration.cli.threads import FINISHED
from langgraph_quorum.orchestration.cli.words import printable

if TYPE_CHECKING:
    from langgraph_quorum.nodes.explaining.explanation import Explanation
    from langgraph_quorum.nodes.explaining.wording import Section


def print_explanation(told: Explanation, *, dsn_given: bool) -> None:
    """Print it on standard output.

    Args:
        told: The explanation.
        dsn_given: The database was named by `--dsn`, so that further commands must name it too.
    """
    render_explanation(stdout_console(), told, dsn_given=dsn_given)


def render_explanation(console: Console, told: Explanation, *, dsn_given: bool) -> None:
    """The same on any console."""
    console.print(Text(printable(f"{told.thread_id}: {told.headline}"), style="bold"))
    if told.task:
        console.print(Text(printable(told.task), style="dim"))
    parts = told.sections()
    if not parts:
        before = "it ended before any branch was sent out" if told.status in FINISHED else "nothing has happened yet"
        console.print(Text(before, style="dim"))
    print_sections(console, parts)
    if parts:
        command = command_for("explain", told.thread_id, dsn_given=dsn_given)
        console.print()
        console.print(Text(f"all of it: {command} --json", style="dim"), soft_wrap=True)


def print_sections(console: Console, parts: Iterable[Section]) -> None:
    """Titles with their lines; those that say more about the one before stand deeper."""
    for title, lines in parts:
        console.print()
        _print_line(console, Text(printable(title), style="bold"), "")
        for line in lines:
            more = line.startswith("  ")
            _print_line(console, Text(printable(line), style="dim" if more else ""), " " * 6 if more else "  - ")


def _print_line(console: Console, text: Text, mark: str) -> None:
    """The line behind its mark; what does not fit goes on below it, as far in."""
    for number, part in enumerate(text.wrap(console, console.width - len(mark))):
        part.rstrip()
        console.print(Text(" " * len(mark) if number else mark).append_text(part), soft_wrap=True)
