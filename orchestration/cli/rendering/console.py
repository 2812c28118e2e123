"""The console that results are printed on."""

from __future__ import annotations

from rich.console import Console

_NARROWEST = 40


class _Console(Console):
    """A console that leaves it to the command what becomes of a reader that has gone."""

    def on_broken_pipe(self) -> None:
        """Raise the BrokenPipeError that is being handled, where rich would end the process."""
        raise  # noqa: PLE0704  rich calls this while it handles the error


def stdout_console() -> Console:
    """Standard output: coloured on a terminal, plain and 80 columns wide elsewhere."""
    console = _Console(highlight=False, soft_wrap=False)
    console.width = max(console.width, _NARROWEST)
    return console
