"""What an orchestrator does with large texts: one copy in the database, references in states, texts in answers."""

from __future__ import annotations

import asyncio
import base64
import os

import psycopg
import pytest

from langgraph_quorum import Branch, Orchestrator, Specialist, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.orchestration.artifacts import KEY_VARIABLE, default_artifacts
from langgraph_quorum.orchestration.persistence.artifacts.collecting import collect
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.keys import Keys
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import ArtifactError, ConfigurationError, ThreadBusyError
from langgraph_quorum.state.records import WorkItem

SOUGHT = "needle-in-the-haystack "
LARGE = SOUGHT + base64.b64encode(os.urandom(120_000)).decode()
SEALER = Encryption(Keys("k", {"k": bytes(32)}))


async def echo(branch: Branch) -> dict[str, object]:
    return {"text": branch.payload["text"], "confidence": 0.9}


def workflow() -> QuorumBuilder:
    return build_workflow([Specialist("echo", echo)], merge="best")


WORK: list[WorkItem] = [
    {"branch_id": f"b{number}", "specialist": "echo", "payload": {"text": LARGE}} for number in range(4)
]


def copies(database: str) -> int:
    """In how many rows of all tables the text stands."""
    found = 0
    with psycopg.connect(database, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(f"SELECT row::text FROM {table} AS row".encode()).fetchall()
            found += sum(SOUGHT in text or SOUGHT.encode().hex() in text for (text,) in rows)
    return found


def age_of_all(database: str, hours: int) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE quorum.artifacts SET put_at = put_at - make_interval(hours => %s)", (hours,))


async def test_a_text_that_four_branches_take_and_give_is_stored_once_and_answered_as_text(
    pool: Pool, database: str
) -> None:
    async with Orchestrator.on(workflow(), pool) as quorum:
        run = await quorum.start({"task": "echo", "work": WORK}, "t")
        outcome = await run.result()

        assert outcome["result"]["text"] == LARGE
        assert (await quorum.get("t"))["result"]["text"] == LARGE
        reference = outcome["branches"]["b0"]["result"]["text"]
        assert (await quorum.artifact(reference)).decode() == LARGE
    assert copies(database) == 1


async def test_what_is_deleted_with_its_run_can_be_collected(pool: Pool, database: str) -> None:
    async with Orchestrator.on(workflow(), pool) as quorum:
        await (await quorum.start({"task": "echo", "work": WORK}, "t")).result()
        await quorum.delete("t")
        age_of_all(database, hours=2)
        await quorum.prune(older_than_s=0)
    assert copies(database) == 0


async def test_the_input_of_a_start_that_became_no_run_can_be_collected(pool: Pool, database: str) -> None:
    async with Orchestrator.on(workflow(), pool) as quorum:
        with pytest.raises(ConfigurationError, match="options"):
            await quorum.start({"task": "echo", "work": WORK}, "no options", options={"no": object()})
        async with hold_lease(pool, "busy"):
            with pytest.raises(ThreadBusyError):
                await quorum.start({"task": "echo", "work": WORK}, "busy")
        small: list[WorkItem] = [{**WORK[0], "payload": {"text": "small"}}]
        await (await quorum.start({"task": "echo", "work": small}, "another")).result()
        with pytest.raises(ConfigurationError, match="another input"):
            await quorum.start({"task": "echo", "work": WORK}, "another")
    assert copies(database) == 1
    age_of_all(database, hours=2)
    await collect(pool)
    assert copies(database) == 0


async def test_what_a_run_was_given_is_kept_until_a_branch_gets_to_it(pool: Pool, database: str) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def first(branch: Branch) -> dict[str, object]:
        begun.set()
        await go.wait()
        return {"confidence": 0.9}

    graph = build_workflow([Specialist("first", first), Specialist("echo", echo)], merge="best")
    work: list[WorkItem] = [{"specialist": "first"}, {**WORK[0], "depends_on": ["first"]}]
    async with Orchestrator.on(graph, pool) as quorum:
        run = await quorum.start({"task": "echo", "work": work}, "t")
        await begun.wait()
        age_of_all(database, hours=2)
        assert (await collect(pool)).artifacts == 0
        go.set()
        assert (await run.result())["branches"]["b0"]["status"] == "succeeded"


async def test_a_copy_keeps_the_texts_of_a_run_that_is_deleted(pool: Pool, database: str) -> None:
    async with Orchestrator.on(workflow(), pool) as quorum:
        await (await quorum.start({"task": "echo", "work": WORK}, "t")).result()
        await quorum.fork("t", into="copy")
        await quorum.delete("t")
        age_of_all(database, hours=2)
        assert (await collect(pool)).artifacts == 0
        assert (await quorum.get("copy"))["result"]["text"] == LARGE


async def test_encrypted_texts_stay_in_the_state_until_their_addresses_have_a_key(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_artifacts(pool, SEALER, {}) is None
    monkeypatch.setenv(KEY_VARIABLE, base64.b64encode(bytes(16)).decode())
    assert isinstance(default_artifacts(pool, SEALER, os.environ), PostgresArtifacts)

    async with Orchestrator.on(workflow(), pool, encryption=SEALER) as quorum:
        outcome = await (await quorum.start({"task": "echo", "work": WORK}, "t")).result()
        assert outcome["result"]["text"] == LARGE
        assert outcome["branches"]["b0"]["result"]["text"] != LARGE
    assert copies(database) == 0


@pytest.mark.parametrize("text", ["short", base64.b64encode(bytes(15)).decode()])
async def test_a_key_that_cannot_be_understood_is_refused_without_being_repeated(pool: Pool, text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        default_artifacts(pool, SEALER, {KEY_VARIABLE: text})
    assert text not in str(refused.value)


async def test_without_a_store_a_reference_cannot_be_read(pool: Pool) -> None:
    async with Orchestrator.on(workflow(), pool, encryption=SEALER) as quorum:
        with pytest.raises(ArtifactError, match="artifacts="):
            await quorum.artifact({"artifact": "sha256:" + "0" * 64, "size_bytes": 1, "media_type": "text/plain"})
