"""A run is stepped through node by node, edited between steps, and run on from where it was before."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from langgraph_quorum.graphs.straggler import CREW, FAILS, HANGS
from tests.studio.server import ROOT
from tests.studio.threads import before, new_thread, standing, state_of

pytestmark = pytest.mark.xdist_group("studio")


async def test_a_run_stops_before_every_node_and_steps_to_its_end(client: LangGraphClient) -> None:
    thread_id, given = await new_thread(client, "straggler"), {"task": "look"}
    seen: list[list[str]] = []
    while not seen or seen[-1]:
        await client.runs.wait(thread_id, "straggler", input=None if seen else given, interrupt_before="*")
        seen.append((await state_of(client, thread_id))["next"])
    nodes = ["analyzer", "coordinator", "sync_point", "merger", "validator", "integrator"]
    assert seen == [*([node] for node in nodes[:2]), list(CREW), *([node] for node in nodes[2:]), []]
    values = (await state_of(client, thread_id))["values"]
    assert values["status"] == "approved"
    assert (values["branches"][FAILS]["status"], values["branches"][HANGS]["status"]) == ("failed", "cut")


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


async def test_a_result_edited_before_the_merger_is_merged_and_another_strategy_merges_it_again(
    client: LangGraphClient,
) -> None:
    thread_id = await new_thread(client, "talk")
    await client.runs.wait(thread_id, "talk", input={"task": "it"}, interrupt_before=["merger"])
    poet = (await state_of(client, thread_id))["values"]["branches"]["poet"]
    edited = {**poet, "result": {**poet["result"], "said": "edited by hand"}}
    await client.threads.update_state(thread_id, {"branches": {"poet": edited}})
    assert (await state_of(client, thread_id))["next"] == ["merger"]
    first: Any = await client.runs.wait(thread_id, "talk", input=None)
    assert (first["status"], first["result"]["poet"]["said"]) == ("approved", "edited by hand")

    fork = (await before(client, thread_id, "merger"))["checkpoint"]
    second: Any = await client.runs.wait(thread_id, "talk", input=None, checkpoint=fork, context={"merge": "consensus"})
    assert (second["status"], second["result"]["verdict"]) == ("approved", "good")  # two against one
    assert second["branches"] == first["branches"]
    history: Any = await client.threads.get_history(thread_id, limit=100)
    merged = [state["values"]["merged"] for state in history if state["values"].get("merged")]
    strategies = {one["strategy"] for one in merged}
    assert strategies == {"merge_all", "consensus"}  # both are kept


async def test_questions_that_are_open_at_once_are_answered_by_their_ids_in_any_order(client: LangGraphClient) -> None:
    thread_id = await new_thread(client, "document_sign_off")
    documents = ROOT / "examples" / "documents"
    given: dict[str, Any] = {"sources": [str(documents / name) for name in ("pep-0020.rst", "pep-0257.rst")]}
    await client.runs.wait(thread_id, "document_sign_off", input=given)
    asked = await questions(client, thread_id)
    assert asked.keys() == {"pep-0020.rst", "pep-0257.rst"}

    await answer(client, thread_id, {asked["pep-0257.rst"]: "reject: it shows Python 2"})
    assert await questions(client, thread_id) == {"pep-0020.rst": asked["pep-0020.rst"]}
    await answer(client, thread_id, {asked["pep-0020.rst"]: "approve"})
    (review,) = (await questions(client, thread_id)).values()
    await answer(client, thread_id, {review: "approve"})
    values = (await state_of(client, thread_id))["values"]
    assert values["status"] == "approved"
    assert values["result"] == {"signed": ["pep-0020.rst"], "sent_back": {"pep-0257.rst": "it shows Python 2"}}


async def questions(client: LangGraphClient, thread_id: str) -> dict[str, str]:
    """The ids of the open questions, by the document that they are about ("" for the whole)."""
    tasks = (await state_of(client, thread_id))["tasks"]
    return {asked["value"].get("document", ""): asked["id"] for task in tasks for asked in task["interrupts"]}


async def answer(client: LangGraphClient, thread_id: str, answers: dict[str, str]) -> None:
    await client.runs.wait(thread_id, "document_sign_off", command={"resume": answers})
