"""What the doctor found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.orchestration.cli.words import counted, printable
from langgraph_quorum.orchestration.persistence.health import Diagnosis, migrations_done
from langgraph_quorum.orchestration.persistence.keys_in_use import KeysInUse

_SOURCES = {"argument": "from --dsn", "QUORUM_DSN": "from QUORUM_DSN", "embedded": "nothing else was named"}
_PRESETS = {"direct": "direct connection", "transaction": "transaction pooler"}
_GB = 1_000_000_000


def print_diagnosis(diagnosis: Diagnosis, extras: Mapping[str, Sequence[str]]) -> None:
    """Print it on standard output.

    Args:
        diagnosis: Of the database.
        extras: By name, the distributions that are missing.
    """
    render_diagnosis(stdout_console(), diagnosis, extras)


def render_diagnosis(console: Console, diagnosis: Diagnosis, extras: Mapping[str, Sequence[str]]) -> None:
    """The same on any console."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    for name, value in _facts(diagnosis):
        grid.add_row(Text(name, style="bold"), Text(printable(value)))
    if there := [name for name, missing in extras.items() if not missing]:
        grid.add_row(Text("extras", style="bold"), Text(f"installed: {', '.join(there)}"))
    for name, missing in extras.items():
        if missing:
            grid.add_row(Text(f"extra {name}", style="bold"), _lacking(name, missing))
    console.print(grid)
    console.print()
    if diagnosis.healthy:
        console.print(Text("healthy", style="bold green"))
    else:
        console.print(Text(counted(len(diagnosis.problems), "problem"), style="bold red"))
    for problem in diagnosis.problems:
        console.print(Padding(Text(printable(problem.what)), (0, 0, 0, 2)))
        if problem.mend:
            console.print(Padding(Text(f"mend: {printable(problem.mend)}", style="bold"), (0, 0, 0, 4)))


def _facts(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    yield "database", f"{diagnosis.dsn} ({_SOURCES[diagnosis.source]})"
    if diagnosis.config is not None:
        yield "config", f"{diagnosis.config} (QUORUM_CONFIG)"
    if diagnosis.folder is not None:
        free = "" if diagnosis.free_bytes is None else f" ({diagnosis.free_bytes / _GB:.1f} GB free)"
        yield "folder", f"{diagnosis.folder}{free}"
    if diagnosis.server_version is not None:
        pooler = ", behind a connection pooler" if diagnosis.behind_pooler else ""
        yield "server", f"PostgreSQL {diagnosis.server_version}{pooler}"
    if diagnosis.preset is not None:
        yield "pool", f"set up for a {_PRESETS[diagnosis.preset]} (QUORUM_POOL_MODE={diagnosis.preset})"
        yield "schema", diagnosis.schema or "ours are in quorum, LangGraph's along the search path"
    if (migrations := diagnosis.migrations) is not None:
        current = "current" if migrations.up_to_date else "not current"
        if migrations.untouched and diagnosis.healthy:
            current = "none yet, the first run makes the tables"
        yield "migrations", f"{current} ({migrations_done(migrations)})"
    yield "can write", {True: "yes", False: "no", None: "not known"}[diagnosis.writable]
    if diagnosis.encryption is not None:
        yield "encryption", _encryption(diagnosis.encryption)


def _encryption(found: KeysInUse) -> str:
    if found.keys is None:
        given = "the keys cannot be used"
    else:
        given = f"with {found.keys[0]}" if found.keys else "no keys"
        given += f", opened with {', '.join(found.keys[1:])} too" if found.keys[1:] else ""
    if found.stored_with is None:
        return given
    stored = [f"encrypted with {name}" for name in found.stored_with] + (["plain"] if found.plain else [])
    return f"{given} (stored: {', '.join(stored) or 'nothing'})"


def _lacking(name: str, missing: Sequence[str]) -> Text:
    return Text(f"lacks {', '.join(missing)}: pip install 'langgraph-quorum[{name}]'", style="yellow")
