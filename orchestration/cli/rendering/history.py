"""The states that a run has stood in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.words import age, counted, printable, shortened
from langgraph_quorum.orchestration.history import StoredCheckpoint

_GAP = 2


def print_history(steps: Sequence[StoredCheckpoint], now: datetime) -> None:
    """Print a table, the newest first."""
    console = stdout_console()
    console.print(history_table(steps, now, console.width))


def history_table(steps: Sequence[StoredCheckpoint], now: datetime, width: int) -> Table:
    """The table. Checkpoints are always whole, for they are typed; what does not fit beside them is cut."""
    ids = max([len("checkpoint"), *(len(printable(step.checkpoint_id)) for step in steps)])
    room = max(8, width - ids - len("step") - len("00 days") - 3 * _GAP)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("checkpoint", overflow="fold", min_width=min(ids, width))
    table.add_column("step", no_wrap=True, justify="right")
    table.add_column("age", no_wrap=True, justify="right")
    table.add_column("ended, then next", overflow="ellipsis", no_wrap=True, max_width=room)
    for step in steps:
        table.add_row(
            Text(printable(step.checkpoint_id)),
            str(step.step),
            "" if step.created_at is None else age(now - step.created_at),
            Text(shortened(_told(step), room)),
        )
    return table


def _told(step: StoredCheckpoint) -> str:
    """A step in words: `merger, then validator`."""
    done = ", ".join(step.writers) or step.source
    if step.source != "loop" or done == "__start__":
        done = {"input": "the input", "fork": "a copy", "update": "an edit"}.get(step.source, "the start")
    if not step.next:
        return f"{done}, end" + (f": {step.status}" if step.status else "")
    if step.tasks > len(step.next):
        return f"{done}, then {counted(step.tasks, 'task')} ({step.written} stored)"
    following = [name for name in step.next if not name.startswith("__")]
    return f"{done}, then {', '.join(following)}" if following else done
