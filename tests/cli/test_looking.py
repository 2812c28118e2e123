"""`quorum runs`, `show`, `watch`, `history` and `resume` on what a finished analysis has stored, or on nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from langgraph_quorum.orchestration.database import open_database
from tests.cli.conftest import SAMPLES, Quorum, one_complaint
from tests.cli.warm import Warm
from tests.conftest import NewDatabase

BRIEF = ("--specialist", "sentiment", "--specialist", "linguistic")


@dataclass(frozen=True)
class Stored:
    """A database with one finished run, `first of all`, and what that run printed."""

    dsn: str
    quorum: Quorum
    printed: str


@pytest.fixture(scope="module")
def stored(
    new_database: NewDatabase, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory, warmed: Warm
) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("documents")
    shutil.copy(SAMPLES / "pep-0257.rst", folder / "pep.rst")
    with new_database() as database:
        quorum = Quorum(folder, environ, warmed)
        ran = quorum("run", "analyse", "pep.rst", "--thread", "first of all", "--dsn", database, *BRIEF)
        yield Stored(database, quorum, ran.stdout)


async def test_without_runs_the_list_says_how_to_start_one(quorum: Quorum, database: str) -> None:
    async with open_database(database):
        pass
    assert quorum("runs", "--dsn", database).stdout == "no runs yet: start one with `quorum run analyse PATH...`\n"


@pytest.mark.parametrize(
    "command",
    [
        ("runs",),
        ("show", "t"),
        ("review", "t"),
        ("history", "t"),
        ("watch", "t"),
        ("cancel", "t"),
        ("prune", "--keep", "1"),
    ],
)
def test_a_misspelt_schema_is_told_of_and_not_created(quorum: Quorum, database: str, command: tuple[str, ...]) -> None:
    done = quorum(*command, "--dsn", database, environ={"QUORUM_SCHEMA": "team_b"})

    assert (done.returncode, done.stdout) == (2, "")
    assert one_complaint(done.stderr) == (
        "quorum: there are no tables yet in the schema 'team_b': run something (quorum run analyse PATH...), or check"
        " --dsn and QUORUM_SCHEMA"
    )
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT to_regnamespace('team_b'), to_regnamespace('quorum')").fetchone()
    assert found == (None, None)


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
        process.stdout.close()  # before anything was printed
        err = process.stderr.read()
        code = process.wait(timeout=30)

    assert (code, err) == (0, "")


def test_a_misspelt_thread_names_the_nearest(stored: Stored) -> None:
    for verb in ("show", "watch", "history", "cancel", "fork", "resume"):
        done = stored.quorum(verb, "first of al", "--dsn", stored.dsn)
        assert (done.returncode, done.stdout) == (2, "")
        wanted = "quorum: no run is stored as thread 'first of al': did you mean 'first of all'?"
        assert one_complaint(done.stderr) == wanted


def test_a_finished_run_is_watched_from_its_beginning(stored: Stored) -> None:
    watched = stored.quorum("watch", "first of all", "--dsn", stored.dsn)
    events = [
        json.loads(line)
        for line in stored.quorum("watch", "first of all", "--json", "--dsn", stored.dsn).stdout.splitlines()
    ]

    lines = watched.stdout.splitlines()
    assert (watched.returncode, watched.stderr) == (0, "")
    assert lines[0].startswith("thread first of all: document_analysis, analyse pep.rst (started ")
    assert any(line.startswith("sentiment@pep.rst succeeded after ") for line in lines)
    assert any(line.startswith("sync point: all_done, 2 of 2 branches good after ") for line in lines)
    assert lines[-1] == "the run has ended: approved"
    assert [event["event"] for event in events].count("branch_ended") == 2
    assert events[-1]["status"] == "approved"


def test_the_history_lists_what_a_run_can_be_forked_from(stored: Stored) -> None:
    printed = stored.quorum("history", "first of all", "--dsn", stored.dsn)
    steps = stored.quorum.json("history", "first of all", "--json", "--limit", "3", "--dsn", stored.dsn)
    older = stored.quorum.json(
        "history", "first of all", "--json", "--before", steps[2]["checkpoint_id"], "--dsn", stored.dsn
    )

    assert printed.stdout.splitlines()[0].split()[:3] == ["checkpoint", "step", "age"]
    assert "integrator, end: approved" in printed.stdout
    assert len(steps) == 3
    assert older[0]["checkpoint_id"] == steps[2]["parent_id"]


def test_a_checkpoint_that_a_run_does_not_have_is_no_place_for_its_history_to_begin(stored: Stored) -> None:
    done = stored.quorum("history", "first of all", "--before", "nope", "--dsn", stored.dsn)

    assert (done.returncode, done.stdout) == (2, "")
    assert one_complaint(done.stderr).startswith(
        "quorum: --before nope: thread 'first of all' has no such checkpoint: take the id of one"
    )


def test_a_resumed_run_is_not_written_over_its_document_either(stored: Stored) -> None:
    document = stored.quorum.folder / "pep.rst"
    before = document.read_bytes()

    done = stored.quorum("resume", "first of all", "-q", "--json", "pep.rst", "--dsn", stored.dsn)

    assert (done.returncode, done.stdout) == (2, "")
    assert one_complaint(done.stderr).startswith("quorum: --json pep.rst: would overwrite the document ")
    assert document.read_bytes() == before
