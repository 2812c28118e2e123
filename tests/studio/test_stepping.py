"""A run is stepped through, edited, run on from an earlier step, and cancelled; each branch stands for itself."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from tests.studio.server import ROOT, Studio
from tests.studio.threads import new_thread, standing, state_of

pytestmark = pytest.mark.xdist_group("studio")

WITHIN_S = 120.0


async def test_the_tour_of_the_page_shows_what_the_page_says(studio: Studio) -> None:
    """It steps, edits, goes back, and answers: what each prints is what the server has answered."""
    page = (ROOT / "docs" / "studio.md").read_text("utf-8")
    tour = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "examples" / "studio" / "tour.py"), studio.address, stdout=subprocess.PIPE
    )
    async with asyncio.timeout(WITHIN_S):
        told, _ = await tour.communicate()
    assert tour.returncode == 0
    assert f"```text\n{told.decode()}```" in page


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense", "http://127.0.0.1:port"])
async def test_the_tour_says_in_a_line_that_no_server_answers_at_an_address(address: str) -> None:
    tour = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "examples" / "studio" / "tour.py"), address, stderr=subprocess.PIPE
    )
    async with asyncio.timeout(WITHIN_S):
        _, told = await tour.communicate()
    assert tour.returncode == 1
    (line,) = told.decode().splitlines()
    assert line.startswith(f"no server of these graphs answers at {address!r} (")
    assert "give the address that `langgraph dev` says" in line


async def test_with_a_break_before_every_node_a_run_is_stepped_to_its_end(client: LangGraphClient) -> None:
    thread_id = await new_thread(client, "straggler")
    given: dict[str, Any] | None = {"task": "Look at the release"}
    steps: list[list[str]] = []
    async with asyncio.timeout(WITHIN_S):
        while given is not None or steps[-1]:
            await client.runs.wait(thread_id, "straggler", input=given, interrupt_before="*")
            given = None
            steps.append(sorted((await state_of(client, thread_id))["next"]))
    specialists = ["archive", "legal", "performance", "security", "technical"]
    one_by_one = [[node] for node in ("sync_point", "merger", "validator", "integrator")]
    assert steps == [["analyzer"], ["coordinator"], specialists, *one_by_one, []]
    assert (await state_of(client, thread_id))["values"]["status"] == "approved"


async def test_each_branch_is_a_task_with_its_own_status_while_it_runs_and_after_it_was_cancelled(
    client: LangGraphClient,
) -> None:
    thread_id = await new_thread(client, "talk")
    run = await client.runs.create(thread_id, "talk", input={"task": "hold"})
    assert await standing(client, thread_id, 2) == {"poet": "done", "critic": "done", "held": "under way"}
    await client.runs.cancel(thread_id, run["run_id"], wait=True)
    assert (await client.runs.get(thread_id, run["run_id"]))["status"] == "interrupted"
    after = await standing(client, thread_id, 2)
    assert after == {"poet": "done", "critic": "done", "held": "CancelledError()"}
    # What was done is not done again, and the one that hangs is not waited for any more.
    context = {"threshold": 0.6, "grace_s": 0.0}
    out: Any = await client.runs.wait(thread_id, "talk", input=None, context=context)
    assert {name: record["status"] for name, record in out["branches"].items()} == {
        "poet": "succeeded",
        "critic": "succeeded",
        "held": "cut",
    }
    assert out["status"] == "approved"
