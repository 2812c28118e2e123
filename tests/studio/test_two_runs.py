"""Two runs on one thread: each of the server's ways to treat the second one."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError

from tests.studio.threads import new_thread, standing, state_of

pytestmark = pytest.mark.xdist_group("studio")

ALL = {"poet": "succeeded", "critic": "succeeded", "held": "succeeded"}


async def held(client: LangGraphClient) -> tuple[str, str]:
    """A thread, and a run on it of which one branch hangs."""
    thread_id = await new_thread(client, "talk")
    run = await client.runs.create(thread_id, "talk", input={"task": "hold"})
    await standing(client, thread_id, 2)
    return thread_id, run["run_id"]


async def second(
    client: LangGraphClient, thread_id: str, strategy: Literal["reject", "enqueue", "interrupt", "rollback"]
) -> str:
    run = await client.runs.create(thread_id, "talk", input={"task": "go"}, multitask_strategy=strategy)
    return run["run_id"]


async def outcome(client: LangGraphClient, thread_id: str, run_id: str) -> dict[str, str]:
    """How the branches stand when this run has ended."""
    out: Any = await client.runs.join(thread_id, run_id)
    return {name: record["status"] for name, record in out["branches"].items()}


async def kept_runs(client: LangGraphClient, thread_id: str) -> set[str]:
    """The runs that have left steps in the thread's history."""
    history: Any = await client.threads.get_history(thread_id, limit=100)
    return {state["metadata"]["run_id"] for state in history}


async def test_a_second_run_is_rejected_or_waits_until_the_first_has_ended(client: LangGraphClient) -> None:
    thread_id, first = await held(client)
    with pytest.raises(ConflictError):
        await second(client, thread_id, "reject")
    waiting = await second(client, thread_id, "enqueue")
    statuses = {run["run_id"]: run["status"] for run in await client.runs.list(thread_id)}
    assert statuses == {first: "running", waiting: "pending"}
    await client.runs.cancel(thread_id, first, wait=True)
    assert await outcome(client, thread_id, waiting) == ALL
    assert (await state_of(client, thread_id))["values"]["task"] == "go"


async def test_a_second_run_interrupts_the_first_whose_steps_are_kept(client: LangGraphClient) -> None:
    thread_id, first = await held(client)
    later = await second(client, thread_id, "interrupt")
    assert await outcome(client, thread_id, later) == ALL
    assert (await client.runs.get(thread_id, first))["status"] == "interrupted"
    assert await kept_runs(client, thread_id) == {first, later}


async def test_a_second_run_takes_the_first_back(client: LangGraphClient) -> None:
    thread_id, _ = await held(client)
    later = await second(client, thread_id, "rollback")
    assert await outcome(client, thread_id, later) == ALL
    assert await kept_runs(client, thread_id) == {later}
