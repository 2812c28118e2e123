"""`quorum runs`, `quorum show` and `quorum resume` on what is stored: finished, unfinished, and of other programs."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from langgraph_quorum import Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.orchestration.cli.settings import checked_settings
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.runs import record_start
from tests.cli.conftest import SAMPLES, Quorum, one_complaint

BRIEF = ("--specialist", "sentiment", "--specialist", "linguistic")


@dataclass(frozen=True)
class Stored:
    """A database with one finished run, `first of all`, and what that run printed."""

    dsn: str
    quorum: Quorum
    printed: str


@pytest.fixture(scope="module")
def stored(dsn: str, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    folder, name = tmp_path_factory.mktemp("documents"), f"looking_{uuid.uuid4().hex}"
    shutil.copy(SAMPLES / "pep-0257.rst", folder / "pep.rst")
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        database, quorum = make_conninfo(dsn, dbname=name), Quorum(folder, environ)
        ran = quorum("run", "analyse", "pep.rst", "--thread", "first of all", "--dsn", database, *BRIEF)
        yield Stored(database, quorum, ran.stdout)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_without_runs_the_list_says_how_to_start_one(quorum: Quorum, database: str) -> None:
    assert quorum("runs", "--dsn", database).stdout == "no runs yet: start one with `quorum run analyse PATH...`\n"


def test_runs_are_listed_with_what_people_know_them_by(stored: Stored) -> None:
    listed = stored.quorum("runs", "--dsn", stored.dsn)
    (run,) = stored.quorum.json("runs", "--json", "--dsn", stored.dsn)

    head, row = listed.stdout.splitlines()
    assert head.split() == ["thread", "status", "age", "workflow", "task"]
    assert row.startswith("first of all  approved  ")
    assert row.rstrip().endswith("  document_analysis  analyse pep.rst")
    assert (run["thread_id"], run["status"], run["live"]) == ("first of all", "approved", False)
    assert run["sources"] == [str(stored.quorum.folder / "pep.rst")]


def test_show_and_resume_print_what_the_finished_run_printed(stored: Stored) -> None:
    shown = stored.quorum("show", "first of all", "--dsn", stored.dsn)
    resumed = stored.quorum("resume", "first of all", "--dsn", stored.dsn, "--quiet")

    assert stored.printed.startswith("approved  quality ")
    assert "quorum show 'first of all' --dsn ... --json" in stored.printed
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, stored.printed, "")
    assert (resumed.returncode, resumed.stdout, resumed.stderr) == (0, stored.printed, "")


@pytest.mark.parametrize("answer", ["approve", '{"decisions": [{"type": "approve"}]}'])
def test_an_answer_to_no_question_is_refused(stored: Stored, answer: str) -> None:
    done = stored.quorum("resume", "first of all", "--answer", answer, "--dsn", stored.dsn)

    assert (done.returncode, done.stdout) == (2, "")
    assert one_complaint(done.stderr) == "quorum: --answer: no question is open on this thread: leave it out"


@pytest.mark.parametrize("command", [("show", "first of all"), ("show", "first of all", "--json"), ("runs",)])
def test_a_reader_that_goes_away_ends_the_command_quietly(stored: Stored, command: tuple[str, ...]) -> None:
    with stored.quorum.going(*command, "--dsn", stored.dsn) as process:
        assert process.stdout is not None
        process.stdout.close()  # before anything was printed
        assert process.stderr is not None
        err = process.stderr.read()
        code = process.wait(timeout=30)

    assert (code, err) == (0, "")


async def test_a_run_that_has_not_come_far_is_shown_and_goes_on(quorum: Quorum, database: str) -> None:
    settings = checked_settings(["sentiment"], SyncPolicy(threshold=0.5), "sequential")
    work = [{"branch_id": "sentiment@pep.rst", "specialist": "sentiment", "group": "pep.rst"}]
    path = str(quorum.folder / "pep.rst")
    run_input = {"task": "x", "sources": [path], "work": [{**work[0], "payload": {"path": path}}]}
    async with open_database(database) as pool:  # as a process leaves it that dies before its first checkpoint
        options = {**settings.as_options(), "input": run_input}
        await record_start(pool, "early", workflow="document_analysis", task="analyse pep.rst", options=options)

    shown = quorum("show", "early", "--dsn", database)
    as_json = quorum.json("show", "early", "--dsn", database, "--json")
    resumed = quorum.json("resume", "early", "--dsn", database, "--json", "-")

    assert shown.returncode == 0
    assert shown.stdout.startswith("interrupted, 0 of 1 branch\n")
    assert "go on:      quorum resume early --dsn ..." in shown.stdout
    assert (as_json["status"], as_json["branches"], as_json["result"]) == ("interrupted", {}, None)
    assert resumed["status"] == "approved"
    assert resumed["sync"][0]["threshold"] == 0.5


async def test_a_run_of_a_python_program_stays_with_it(quorum: Quorum, database: str) -> None:
    builder = build_workflow([Specialist("ready", lambda branch: {"answer": branch.task})])
    async with Orchestrator.open(builder, database, workflow="review") as orchestrator:
        await (await orchestrator.start({"task": "look"}, "theirs")).result()

    for verb in ("show", "resume"):
        done = quorum(verb, "theirs", "--dsn", database)
        assert (done.returncode, done.stdout) == (2, "")
        assert "thread 'theirs' runs 'review', which was started from Python" in one_complaint(done.stderr)


def test_a_resumed_run_is_not_written_over_its_document_either(stored: Stored) -> None:
    document = stored.quorum.folder / "pep.rst"
    before = document.read_bytes()

    done = stored.quorum("resume", "first of all", "-q", "--json", "pep.rst", "--dsn", stored.dsn)

    assert (done.returncode, done.stdout) == (2, "")
    assert one_complaint(done.stderr).startswith("quorum: --json pep.rst: would overwrite the document ")
    assert document.read_bytes() == before
