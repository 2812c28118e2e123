"""With QUORUM_DSN set, what Studio's server runs is kept in Postgres by our saver, and outlives the server."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from tests.studio.server import Studio, shipped, studio_server
from tests.studio.threads import before, new_thread, standing, state_of

pytestmark = pytest.mark.xdist_group("studio")

BRANCHES = 200
STORED_WITHIN_S = 30.0
# What the documentation tells whoever has installed the package to write.
OWN_FILE = "from langgraph_quorum.orchestration.studio.checkpointer import create_checkpointer as create_checkpointer\n"


def crowd_server(folder: Path, dsn: str, **environ: str) -> AbstractContextManager[Studio]:
    """A server on a langgraph.json as somebody else has it: a graph and a checkpointer in files of their own."""
    shutil.copy(Path(__file__).with_name("crowd.py"), folder)
    (folder / "checkpointer.py").write_text(OWN_FILE)
    settings = {
        **shipped(),
        "graphs": {"crowd": "./crowd.py:graph", "workflow": "./crowd.py:workflow"},
        "checkpointer": {"path": "./checkpointer.py:create_checkpointer"},
    }
    return studio_server(folder, settings, {"QUORUM_DSN": dsn, **environ})


@pytest.fixture(scope="module")
def kept_in(dsn: str) -> Iterator[str]:
    name = f"studio_{uuid.uuid4().hex}"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield make_conninfo(dsn, dbname=name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, kept_in: str) -> Iterator[Studio]:
    with crowd_server(tmp_path_factory.mktemp("studio"), kept_in) as running:
        yield running


@pytest.fixture
async def client(studio: Studio) -> AsyncIterator[LangGraphClient]:
    async with get_client(url=studio.address) as connected:
        yield connected


async def asked(client: LangGraphClient, branches: int = 3) -> str:
    """A new thread, run up to its question."""
    thread_id: str = (await client.threads.create(graph_id="crowd"))["thread_id"]
    await client.runs.wait(thread_id, "crowd", input={"branches": branches})
    return thread_id


async def history_of(client: LangGraphClient, thread_id: str) -> Any:
    return await client.threads.get_history(thread_id, limit=100)


async def test_what_many_branches_write_is_stored_in_few_transactions(client: LangGraphClient, kept_in: str) -> None:
    thread_id = await asked(client, BRANCHES)
    with psycopg.connect(kept_in) as connection:
        sql = "SELECT count(DISTINCT task_id), count(DISTINCT xmin::text) FROM checkpoint_writes WHERE thread_id = %s"
        tasks, transactions = connection.execute(sql, [thread_id]).fetchone() or (0, 0)
    assert tasks >= BRANCHES
    assert transactions < BRANCHES / 4  # the official saver: one for each task


async def test_a_workflow_goes_on_without_a_branch_that_hangs(client: LangGraphClient) -> None:
    thread_id = (await client.threads.create(graph_id="workflow"))["thread_id"]
    await client.runs.wait(thread_id, "workflow", input={"task": "look"})
    values = (await state_of(client, thread_id))["values"]
    statuses = {record["specialist"]: record["status"] for record in values["branches"].values()}
    assert statuses == {"quick": "succeeded", "swift": "succeeded", "stuck": "cut"}


async def test_the_history_that_the_server_tells_is_the_one_that_the_saver_lists(
    client: LangGraphClient, kept_in: str
) -> None:
    thread_id = await asked(client)
    told = [
        (one["checkpoint"]["checkpoint_id"], one["values"].get("done", []))
        for one in await history_of(client, thread_id)
    ]
    async with open_pool(kept_in) as pool:
        listed = [
            (one.checkpoint["id"], one.checkpoint["channel_values"].get("done", []))
            async for one in make_saver(pool).alist({"configurable": {"thread_id": thread_id}})
        ]
    assert told == listed
    assert told[0][1] == [0, 1, 2]
    before: Any = {"configurable": {"checkpoint_id": told[0][0]}}
    earlier = await client.threads.get_history(thread_id, limit=1, before=before)
    assert [one["checkpoint"]["checkpoint_id"] for one in earlier] == [told[1][0]]


async def test_an_interrupted_run_goes_on_with_the_answer(client: LangGraphClient) -> None:
    thread_id = await asked(client)
    [question] = (await state_of(client, thread_id))["tasks"][0]["interrupts"]
    assert question["value"] == "3 are done: enough?"
    command: Any = {"resume": {question["id"]: "yes"}}
    out: Any = await client.runs.wait(thread_id, "crowd", command=command)
    assert (out["done"], out["answer"]) == ([0, 1, 2], "yes")


async def test_a_run_forks_from_an_earlier_checkpoint(client: LangGraphClient) -> None:
    thread_id = await asked(client)
    earlier = (await history_of(client, thread_id))[-1]["checkpoint"]["checkpoint_id"]
    assert (await state_of(client, thread_id, checkpoint_id=earlier))["next"] == ["__start__"]
    config = await client.threads.update_state(thread_id, {"branches": 1}, checkpoint_id=earlier, as_node="__start__")
    await client.runs.wait(thread_id, "crowd", input=None, checkpoint=config["checkpoint"])
    assert (await state_of(client, thread_id))["values"]["done"] == [0]


async def test_a_result_edited_before_the_merger_is_kept_although_it_scores_lower_and_another_strategy_merges_it_again(
    client: LangGraphClient,
) -> None:
    thread_id = await new_thread(client, "workflow")
    await client.runs.wait(thread_id, "workflow", input={"task": "look"}, interrupt_before=["merger"])
    branches = (await state_of(client, thread_id))["values"]["branches"]  # as it is shown, all of them
    branches["quick"]["result"]["findings"] = ["edited by hand"]
    branches["quick"]["quality"]["score"] = 0.1
    await client.threads.update_state(thread_id, {"branches": branches})
    shown = (await state_of(client, thread_id))["values"]["branches"]
    assert [name for name, branch in shown.items() if branch.get("edited")] == ["quick"]
    await client.runs.wait(thread_id, "workflow", input=None)
    fork = (await before(client, thread_id, "merger"))["checkpoint"]
    context = {"merge": "merge_all"}
    out: Any = await client.runs.wait(thread_id, "workflow", input=None, checkpoint=fork, context=context)
    found = {name: result["findings"] for name, result in out["result"].items()}
    assert found == {"quick": ["edited by hand"], "swift": ["look"]}


async def test_a_second_run_takes_back_what_the_first_has_stored(client: LangGraphClient, tmp_path: Path) -> None:
    thread_id = await new_thread(client, "crowd")
    await client.runs.create(thread_id, "crowd", input={"branches": 3, "folder": str(tmp_path)})
    await standing(client, thread_id, 2)
    run = await client.runs.create(thread_id, "crowd", input={"branches": 2}, multitask_strategy="rollback")
    await client.runs.join(thread_id, run["run_id"])
    (tmp_path / "go").touch()  # lets the abandoned thread end
    assert {one["metadata"]["run_id"] for one in await history_of(client, thread_id)} == {run["run_id"]}
    assert (await state_of(client, thread_id))["values"]["done"] == [0, 1]


async def test_a_copied_thread_has_the_history_of_its_original(client: LangGraphClient) -> None:
    thread_id = await asked(client)
    copy: Any = await client.threads.copy(thread_id)  # type: ignore[func-returns-value]  # it returns the thread
    original, copied = await history_of(client, thread_id), await history_of(client, copy["thread_id"])
    assert [one["values"] for one in copied] == [one["values"] for one in original]
    assert [one["next"] for one in copied] == [one["next"] for one in original]


async def test_a_deleted_run_takes_its_checkpoints_along(client: LangGraphClient) -> None:
    thread_id = await asked(client)
    before = await history_of(client, thread_id)
    run = await client.runs.create(thread_id, "crowd", input={"branches": 1})
    await client.runs.join(thread_id, run["run_id"])
    assert len(await history_of(client, thread_id)) > len(before)
    await client.runs.delete(thread_id, run["run_id"])
    assert await history_of(client, thread_id) == before


async def test_a_deleted_thread_leaves_no_row(client: LangGraphClient, kept_in: str) -> None:
    thread_id = await asked(client)
    await client.threads.delete(thread_id)
    with psycopg.connect(kept_in) as connection:
        for table in ("checkpoints", "checkpoint_writes", "checkpoint_blobs"):
            sql = f"SELECT count(*) FROM {table} WHERE thread_id = %s"
            assert connection.execute(sql.encode(), [thread_id]).fetchone() == (0,)


async def test_nothing_blocks_the_server_and_nothing_is_missed_in_the_saver(
    client: LangGraphClient, studio: Studio
) -> None:
    await asked(client)
    assert "Using custom checkpointer: RollbackSaver" in studio.logged
    assert "Blocking" not in studio.logged
    assert "missing adelete" not in studio.logged
    assert "missing aprune" not in studio.logged


async def test_what_a_killed_server_has_stored_another_one_goes_on_with(database: str, tmp_path: Path) -> None:
    thread_id = str(uuid.uuid4())
    first, second, notes = (tmp_path / name for name in ("first", "second", "notes"))
    for folder in (first, second, notes):
        folder.mkdir()
    with crowd_server(first, database) as studio:
        async with get_client(url=studio.address) as client:
            await client.threads.create(thread_id=thread_id, graph_id="crowd")
            await client.runs.create(thread_id, "crowd", input={"branches": 10, "folder": str(notes)})
            await asyncio.to_thread(wait_until_stored, database, thread_id, tasks=9)
        studio.process.kill()
        studio.process.wait(10)
    with crowd_server(second, database) as studio:
        async with get_client(url=studio.address) as client:
            # A server knows its threads by files of its own; those of another server have to be named once.
            await client.threads.create(thread_id=thread_id, graph_id="crowd")
            assert (await state_of(client, thread_id))["next"] == ["work"]  # the one that was held back
            (notes / "go").touch()
            await client.runs.wait(thread_id, "crowd", input=None)
            after = await state_of(client, thread_id)
    assert after["values"]["done"] == list(range(10))
    assert after["next"] == ["ask"]
    began = {int(note.name): note.read_text().count("began") for note in notes.iterdir() if note.name != "go"}
    assert began == {**dict.fromkeys(range(9), 1), 9: 2}


def wait_until_stored(dsn: str, thread_id: str, tasks: int) -> None:
    """Wait until that many branches of the thread are stored."""
    sql = "SELECT count(DISTINCT task_id) FROM checkpoint_writes WHERE thread_id = %s AND channel = 'done'"
    deadline = time.monotonic() + STORED_WITHIN_S
    with psycopg.connect(dsn, autocommit=True) as looking:
        while looking.execute(sql, [thread_id]).fetchone() != (tasks,):
            assert time.monotonic() < deadline
            time.sleep(0.1)
