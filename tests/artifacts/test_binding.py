"""A run on Postgres with its artifacts beside it: what is stored, and who refers to it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from langgraph_quorum import Branch, QuorumContext, Specialist
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.orchestration.persistence.artifacts.binding import input_away, with_artifacts
from langgraph_quorum.orchestration.persistence.artifacts.collecting import CollectReport, collect
from langgraph_quorum.orchestration.persistence.artifacts.folder import FolderArtifacts
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed, open_pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.pruning import delete_thread
from langgraph_quorum.state.artifacts import is_reference
from tests.artifacts.stores import TEXT, document
from tests.graphs.running import FIXED, compiled, thread

SIZE = 200_000
TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "quorum.artifacts", "quorum.artifact_refs")


async def stored_bytes(pool: Pool) -> int:
    sizes = " + ".join(f"pg_total_relation_size('{table}')" for table in TABLES)
    async with borrowed(pool, "measuring") as connection:
        row = await (await connection.execute(f"SELECT {sizes} AS size".encode())).fetchone()
    assert row is not None
    return int(row["size"])


async def passes_on(branch: Branch) -> Any:
    return next(iter(branch.inputs.values()), branch.payload.get("text"))


async def test_a_document_that_goes_through_ten_branches_is_stored_once(pool: Pool) -> None:
    text, store = document(SIZE), PostgresArtifacts(pool)
    context = with_artifacts(FIXED, store, "t")
    work: list[dict[str, Any]] = [{"branch_id": "b0", "specialist": "a", "payload": {"text": text}}]
    work += [{"branch_id": f"b{n}", "specialist": "a", "depends_on": [f"b{n - 1}"]} for n in range(1, 10)]
    saver = make_saver(pool)
    graph = compiled(Specialist("a", passes_on), saver=saver, merge="best")
    before = await stored_bytes(pool)
    given = await input_away({"task": "x", "work": work}, context)
    out = await graph.ainvoke(given, thread(), context=context)
    assert await stored_bytes(pool) - before < 1.5 * SIZE + 400_000  # the rest is what the run keeps of itself
    assert is_reference(out["result"])
    assert (await store.get(out["result"])).decode() == text
    assert await collect(pool, older_than_s=0) == CollectReport(0, 0)
    await delete_thread(pool, saver, "t")
    assert await collect(pool, older_than_s=0) == CollectReport(1, SIZE)


async def test_the_input_is_put_away_but_its_words_are_not() -> None:
    store, text = MemoryArtifacts(), document(100_000)
    context = with_artifacts({"threshold": 0.5}, store, "t")
    given = {"task": text, "sources": [text, "a.md"], "work": [{"payload": {"text": text, "n": 1}}]}
    away = await input_away(given, context)
    assert (away["task"], away["sources"][1], away["work"][0]["payload"]["n"]) == (text, "a.md", 1)
    assert is_reference(away["sources"][0])
    assert is_reference(away["work"][0]["payload"]["text"])
    assert len(store) == 1
    assert await input_away(given, None) is given
    assert await input_away(None, context) is None


def test_a_context_gets_the_store_unless_it_has_one_or_is_not_ours(tmp_path: Path) -> None:
    store, own = FolderArtifacts(tmp_path), MemoryArtifacts()
    assert with_artifacts(None, store, "t") == {"artifacts": store}
    assert with_artifacts({"threshold": 0.5}, store, "t") == {"threshold": 0.5, "artifacts": store}
    kept = QuorumContext(threshold=0.5)
    assert with_artifacts(kept, store, "t") == dataclasses.replace(kept, artifacts=store)
    assert with_artifacts({"artifacts": own}, store, "t") == {"artifacts": own}
    assert with_artifacts(dataclasses.replace(kept, artifacts=own), store, "t").artifacts is own
    foreign = object()
    assert with_artifacts(foreign, store, "t") is foreign
    assert with_artifacts(None, store, "t", schema=dict) is None


async def test_a_store_of_postgres_is_bound_to_the_runs_thread(pool: Pool) -> None:
    bound = with_artifacts(None, PostgresArtifacts(pool), "mine")["artifacts"]
    await bound.put(b"one", media_type=TEXT)
    async with borrowed(pool, "looking") as connection:
        row = await (await connection.execute("SELECT thread_id FROM quorum.artifact_refs")).fetchone()
    assert row == {"thread_id": "mine"}


async def test_the_same_content_of_two_tenants_is_two_rows(pool: Pool) -> None:
    for tenant in ("a", "b", "a"):
        async with open_pool(make_conninfo(str(pool.conninfo), options=f"-c quorum.tenant={tenant}")) as session:
            store = PostgresArtifacts(session, thread_id=f"t{tenant}")
            assert await store.get(await store.put(b"one", media_type=TEXT)) == b"one"
    async with borrowed(pool, "looking") as connection:
        rows = await (await connection.execute("SELECT split_part(hash, '/', 1) AS t FROM quorum.artifacts")).fetchall()
    assert sorted(row["t"] for row in rows) == ["a", "b"]


async def test_what_was_put_before_tenants_were_separated_is_found_after(pool: Pool) -> None:
    ref = await PostgresArtifacts(pool).put(b"one", media_type=TEXT)
    async with open_pool(make_conninfo(str(pool.conninfo), options="-c quorum.tenant=a")) as session:
        assert await PostgresArtifacts(session, thread_id="t").get(ref) == b"one"
    assert await collect(pool, older_than_s=0) == CollectReport(0, 0)


@pytest.mark.parametrize("sources", [["a.md"], []])
async def test_an_input_without_large_texts_stays_as_it_is(sources: list[str]) -> None:
    given = {"task": "x", "sources": sources}
    assert await input_away(given, with_artifacts(None, MemoryArtifacts(), "t")) == given
