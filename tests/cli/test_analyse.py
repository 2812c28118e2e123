"""`quorum run analyse`: the JSON contract, the exit codes, progress, standard input, and threads that are taken up."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import psycopg
import pytest

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from tests.cli.conftest import Quorum, branches_kept, complaints_in, one_complaint

CONTRACT = {
    "thread_id",
    "status",
    "verdict",
    "result",
    "quality",
    "confidence_interval",
    "attribution",
    "sources",
    "partial",
    "failed",
    "pending",
    "branches",
    "sync",
    "timeline",
    "findings",
    "error",
    "interrupts",
}
BRIEF = ("--specialist", "sentiment", "--specialist", "linguistic")
"""Two quick specialists that are sure of PEP 257."""


def test_an_approved_run_is_shown_and_ends_with_0(quorum: Quorum, database: str) -> None:
    done = quorum("run", "analyse", "pep.rst", "--dsn", database, "--thread", "t1")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("approved  quality of the analysis 0.")
    assert "7 of 7 branches" in done.stdout
    for specialist in ("content", "linguistic", "technical", "business", "sentiment", "summary", "quality"):
        assert f"\n{specialist} 1" in done.stdout  # its section, with a share of 1x %
    assert "quorum show t1 --dsn ... --json" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_json_on_standard_output_is_one_object_and_nothing_else(quorum: Quorum, database: str) -> None:
    outcome = quorum.json("run", "analyse", "pep.rst", "--dsn", database, "--json", "-", *BRIEF)

    assert outcome.keys() == CONTRACT
    assert (outcome["status"], outcome["verdict"], outcome["partial"]) == ("approved", "approved", False)
    assert outcome["branches"].keys() == {"sentiment@pep.rst", "linguistic@pep.rst"}
    assert outcome["sources"] == [str(quorum.folder / "pep.rst")]
    low, high = outcome["confidence_interval"]
    assert 0 <= low <= outcome["quality"] <= high <= 1
    assert sum(row["weight"] for row in outcome["attribution"]) == pytest.approx(1)
    assert outcome["sync"][0]["status"] == "proceed"
    assert outcome["timeline"][0]["node"] == "analyzer"


def test_a_bad_document_among_good_ones_makes_the_result_partial(quorum: Quorum, database: str) -> None:
    (quorum.folder / "empty.md").touch()

    done = quorum("run", "analyse", "pep.rst", "empty.md", "nosuch.md", "--dsn", database, "--json", "out.json", *BRIEF)

    assert done.returncode == 3
    assert [line.split(":")[1].strip() for line in complaints_in(done.stderr)] == ["empty.md", "nosuch.md"]
    outcome = json.loads((quorum.folder / "out.json").read_text(encoding="utf-8"))
    assert (outcome["status"], outcome["partial"]) == ("partial", True)
    lost = [f"{who}@{what}" for who in ("linguistic", "sentiment") for what in ("empty.md", "nosuch.md")]
    assert outcome["failed"] == lost
    assert outcome["branches"]["sentiment@empty.md"]["error"]["type"] == "DocumentError"
    assert "✗ empty.md: linguistic, sentiment failed:" in done.stdout
    assert "✗ nosuch.md: linguistic, sentiment failed:" in done.stdout


def test_too_few_good_answers_are_a_critical_failure(quorum: Quorum, database: str) -> None:
    (quorum.folder / "empty.md").touch()

    done = quorum("run", "analyse", "pep.rst", "empty.md", "--minimum", "3", "--dsn", database, *BRIEF)

    assert done.returncode == 4
    assert done.stdout.startswith("failed")
    assert "2 of 4 branches succeeded, at least 3 must" in done.stdout


def test_progress_is_one_line_for_each_event_where_there_is_no_terminal(quorum: Quorum, database: str) -> None:
    done = quorum("run", "analyse", "pep.rst", "--dsn", database, "--thread", "t1", *BRIEF)

    lines = [line.split(" s  ", 1)[1] for line in done.stderr.splitlines()]
    assert lines[0] == "reading the documents"
    assert lines[1].startswith("opening the database (")
    assert "thread t1: 2 branches" in lines
    assert sum(line.endswith("running") for line in lines) == 2
    assert [line for line in lines if "(2 good, 2 needed, 2 of 2 ended)" in line]
    assert lines[-3:] == ["merged the results", "checked the result", "wrote the result down"]


def test_quiet_shows_no_progress_and_with_a_file_nothing(quorum: Quorum, database: str) -> None:
    shown = quorum("run", "analyse", "pep.rst", "--dsn", database, "--quiet", *BRIEF)
    silent = quorum("run", "analyse", "pep.rst", "--dsn", database, "-q", "--json", "out.json", *BRIEF)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("approved")
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    assert json.loads((quorum.folder / "out.json").read_text(encoding="utf-8"))["status"] == "approved"
    assert [path.name for path in quorum.folder.iterdir() if "part" in path.name] == []


def test_standard_input_is_kept_so_that_its_run_can_go_on(quorum: Quorum, database: str) -> None:
    document = (quorum.folder / "pep.rst").read_bytes()

    done = quorum("run", "analyse", "-", "--dsn", database, "--json", "out.json", *BRIEF, stdin=document)

    assert done.returncode == 0, done.stderr
    outcome = json.loads((quorum.folder / "out.json").read_text(encoding="utf-8"))
    assert outcome["branches"].keys() == {"sentiment@standard input", "linguistic@standard input"}
    kept = Path(outcome["sources"][0])
    assert kept.parent == Path(quorum.environ["QUORUM_DATA"]) / "inputs"
    assert kept.read_bytes() == document
    assert [path.stat().st_mode & 0o077 for path in (kept, kept.parent)] == [0, 0], "nobody else may read it"


def test_a_finished_thread_is_shown_again_and_nothing_runs(quorum: Quorum, database: str) -> None:
    ask = ("run", "analyse", "pep.rst", "--dsn", database, "--thread", "t1", *BRIEF)
    first = quorum(*ask)
    second = quorum(*ask)

    assert (first.returncode, second.returncode) == (0, 0)
    assert second.stdout == first.stdout
    assert "thread t1 has finished before: nothing is run again" in second.stderr
    assert "running" not in second.stderr


def test_a_thread_is_not_used_for_other_documents(quorum: Quorum, database: str) -> None:
    (quorum.folder / "other.md").write_text("# Other\n\nThis is another document.\n", encoding="utf-8")
    quorum("run", "analyse", "pep.rst", "--dsn", database, "--thread", "t1", *BRIEF)

    done = quorum("run", "analyse", "other.md", "--dsn", database, "--thread", "t1", *BRIEF)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"thread 't1' holds an analysis of {quorum.folder / 'pep.rst'}: take another" in one_complaint(done.stderr)


@pytest.mark.parametrize("command", [("run", "analyse", "pep.rst", "--thread", "busy"), ("resume", "busy")])
async def test_a_running_thread_is_left_alone(quorum: Quorum, database: str, command: tuple[str, ...]) -> None:
    if command[0] == "resume":
        await asyncio.to_thread(quorum, "run", "analyse", "pep.rst", "--thread", "busy", "--dsn", database, *BRIEF)
        with psycopg.connect(database) as connection:  # as far as anybody knows: of an ended one the result is shown
            connection.execute("UPDATE quorum.runs SET status = 'running'")
    async with open_database(database) as pool, hold_lease(pool, "busy"):
        done = await asyncio.to_thread(quorum, *command, "--dsn", database)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"thread 'busy' is being run by process {os.getpid()}" in one_complaint(done.stderr)
    if command[0] == "run":
        assert branches_kept(database, "busy") == 0


def test_a_device_is_written_to_and_not_replaced(quorum: Quorum, database: str) -> None:
    done = quorum("run", "analyse", "pep.rst", "--dsn", database, "-q", "--json", "/dev/null", *BRIEF)

    assert done.returncode == 0, done.stderr
    assert not Path("/dev/null").is_file()


def test_an_existing_file_keeps_its_rights(quorum: Quorum, database: str) -> None:
    target = quorum.folder / "out.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)

    quorum("run", "analyse", "pep.rst", "--dsn", database, "-q", "--json", "out.json", *BRIEF)

    assert json.loads(target.read_text(encoding="utf-8"))["status"] == "approved"
    assert target.stat().st_mode & 0o777 == 0o640
