"""The console that results are printed on."""

from __future__ import annotations

from rich.console import Console

_NARROWEST = 40


def stdout_console() -> Console:
    """Standard output: coloured on a terminal, plain and 80 columns wide elsewhere."""
    console = Console(highlight=False, soft_wrap=False)
    console.width = max(console.width, _NARROWEST)
    return console
