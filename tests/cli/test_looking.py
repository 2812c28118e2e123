"""`quorum runs`, `quorum show` and `quorum resume` on what is stored: finished, unfinished, and of other programs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.orchestration.cli.settings import checked_settings
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.runs import record_start
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
    [("runs",), ("show", "t"), ("watch", "t"), ("history", "t"), ("cancel", "t"), ("prune", "--keep", "1")],
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


async def test_json_holds_the_large_texts_of_a_result_as_the_orchestrator_gives_them(
    quorum: Quorum, database: str
) -> None:
    text = "word " * 20_000
    builder = build_workflow([Specialist("writer", lambda branch: {"text": text})], sync=SyncPolicy())
    async with Orchestrator.open(builder, database, workflow="writing") as orchestrator:
        await (await orchestrator.start({"task": "write"}, "long")).result()
        told = await orchestrator.get("long")

    shown = quorum.json("show", "long", "--json", "--dsn", database)
    assert shown["result"] == told["result"]
    assert shown["result"]["text"] == text
    assert shown["branches"] == told["branches"]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("TRUNCATE quorum.artifacts, quorum.artifact_refs")
    kept = quorum.json("show", "long", "--json", "--dsn", database)
    assert kept["result"]["text"]["size_bytes"] == len(text)  # a program's own store is none of ours


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


async def test_a_run_of_a_python_program_is_shown_and_goes_on_there(quorum: Quorum, database: str) -> None:
    def broken(branch: Branch) -> dict[str, object]:
        raise ValueError("no such table")

    crew = [Specialist("ready", lambda branch: {"answer": branch.task}), Specialist("broken", broken)]
    builder = build_workflow(crew, sync=SyncPolicy(threshold=0.5))
    async with Orchestrator.open(builder, database, workflow="review") as orchestrator:
        out = await (await orchestrator.start({"task": "look"}, "theirs", tags=["nightly"])).result()

    shown = quorum("show", "theirs", "--dsn", database)
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    as_json = quorum.json("show", "theirs", "--json", "--dsn", database)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert lines[0].startswith(out["status"])
    assert lines[0].endswith("1 of 2 branches")
    assert {"workflow review", "task look", "tags nightly", f"verdict {out['verdict']}"} <= set(lines)
    assert any(line.startswith("✗ broken failed") and line.endswith("no such table") for line in lines)
    assert any(line.startswith("✓ ready succeeded") for line in lines)
    assert 'result {"answer": "look"}' in lines
    assert as_json["branches"] == out["branches"]
    assert (as_json["status"], as_json["workflow"], as_json["next"]) == (out["status"], "review", [])
    for verb in ("resume", "fork"):
        done = quorum(verb, "theirs", "--dsn", database)
        assert (done.returncode, done.stdout) == (2, "")
        complaint = one_complaint(done.stderr)
        assert f"thread 'theirs' runs 'review', which was started from Python: {verb} it there" in complaint


class Page(TypedDict, total=False):
    url: str
    text: str
    workflow_id: str


async def test_a_run_of_another_graph_is_shown_with_its_nodes_and_values(quorum: Quorum, database: str) -> None:
    builder = StateGraph(Page)
    builder.add_node("fetch", lambda state: {"text": "x" * 5000})
    builder.add_node("sign", lambda state: {"text": interrupt("Sign it?")})
    builder.add_edge(START, "fetch")
    builder.add_edge("fetch", "sign")
    async with Orchestrator.open(builder, database, workflow="crawler") as orchestrator:
        await (await orchestrator.start({"url": "a.org", "workflow_id": "w-7"}, "page 1")).result()

    shown = quorum("show", "page 1", "--dsn", database)
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    as_json = quorum.json("show", "page 1", "--json", "--dsn", database)
    assert shown.returncode == 0
    assert lines[0] == "waiting"
    assert {"workflow crawler", "ended fetch", "next sign", "url a.org", "workflow_id w-7", "Sign it?"} <= set(lines)
    assert len(shown.stdout) < 1500  # the long value is cut
    assert as_json["values"]["text"] == "x" * 5000
    assert list(as_json["interrupts"].values()) == ["Sign it?"]


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
