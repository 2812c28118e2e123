"""`quorum show` and `quorum resume` on runs that no command has finished: of Python programs, and of one that died."""

from __future__ import annotations

import psycopg
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.orchestration.cli.settings import checked_settings
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.runs import record_start
from tests.cli.conftest import Quorum, one_complaint


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
