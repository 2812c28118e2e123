"""The real command as a process, real documents, and a look at what it has kept so far."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.going import Going, Process
from tests.cli.warm import Warm, warm

SAMPLES = Path(__file__).parents[2] / "examples" / "documents"
QUICK = tuple(word for name in ("sentiment", "technical", "business", "quality") for word in ("--specialist", name))
"""For runs that are to be met on their way: these take a moment for each document, the others seconds."""
COMMAND = (sys.executable, "-m", "langgraph_quorum.orchestration.cli.entry")
NOWHERE = "postgresql://nobody:hidden-secret@127.0.0.1:1/none"
"""Nothing listens there: whoever opens a database fails with exit code 4 instead of 2."""


@dataclass(frozen=True)
class Quorum:
    """Runs the command in a folder, with an environment of its own."""

    folder: Path
    environ: Mapping[str, str]
    warm: Warm

    def __call__(
        self, *arguments: str, stdin: bytes = b"", timeout_s: float = 60, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end. No command ever shows a traceback."""
        done = self.warm.run(
            arguments,
            folder=self.folder,
            environ={**self.environ, **(environ or {})},
            stdin=stdin,
            timeout_s=timeout_s,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in err, err  # a document may speak of one, so standard output is not looked at
        assert "hidden-secret" not in out + err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def json(self, *arguments: str) -> Any:
        """What it prints as JSON; anything that strict JSON does not know is an error."""
        done = self(*arguments)
        assert done.stdout, done.stderr

        def refuse(word: str) -> None:
            raise ValueError(word)

        return json.loads(done.stdout, parse_constant=refuse)

    def going(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> Going:
        """Start it. Leaving its context makes sure that it is gone."""
        return self.warm.start(arguments, folder=self.folder, environ=self.environ, stdin=stdin)


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment without settings of the machine's user, and with a data folder that is nobody's."""
    dropped = {"QUORUM_DSN", "COLUMNS", "FORCE_COLOR"}
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    return {**kept, "QUORUM_DATA": str(tmp_path_factory.mktemp("data")), "PYTHONUTF8": "1"}


@pytest.fixture(scope="session")
def warmed(environ: dict[str, str]) -> Iterator[Warm]:
    """What commands are forked from."""
    with warm(environ) as kept:
        yield kept


@pytest.fixture
def quorum(tmp_path: Path, environ: dict[str, str], warmed: Warm) -> Quorum:
    """The command, started in an empty folder that holds `pep.rst` (PEP 257) only."""
    shutil.copy(SAMPLES / "pep-0257.rst", tmp_path / "pep.rst")
    return Quorum(tmp_path, environ, warmed)


def branches_kept(dsn: str, thread_id: str) -> int:
    """How many branches of the thread the database holds as finished."""
    query = "SELECT count(*) FROM checkpoint_writes WHERE thread_id = %s AND channel = 'branches'"
    try:
        with psycopg.connect(dsn) as connection:
            row = connection.execute(query, (thread_id,)).fetchone()
    except psycopg.errors.UndefinedTable:
        return 0
    return int(row[0]) if row else 0


def wait_until(happened: Callable[[], bool], process: Process, *, within_s: float = 60) -> None:
    """Wait for something that a running process does, as long as it runs and not for ever."""
    deadline = time.monotonic() + within_s
    pause = 0.02
    while not happened():
        assert process.poll() is None, f"it ended too early: {process.communicate()}"
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)


def finished(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The records of the branches that succeeded."""
    return {name: record for name, record in outcome["branches"].items() if record["status"] == "succeeded"}


def one_complaint(stderr: str) -> str:
    """The only line on standard error that is a complaint; progress lines are passed over."""
    complaints = complaints_in(stderr)
    assert len(complaints) == 1, stderr
    return complaints[0]


def complaints_in(stderr: str) -> Sequence[str]:
    """The lines that say what is wrong."""
    return [line for line in stderr.splitlines() if line.startswith("quorum: ")]
