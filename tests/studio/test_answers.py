"""Questions answered in Studio: several of parallel branches by their ids, and the one about the result by its form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from tests.studio.server import ROOT
from tests.studio.threads import new_thread, state_of

pytestmark = pytest.mark.xdist_group("studio")

GRAPH = "document_sign_off"
DOCUMENTS = ("pep-0020.rst", "pep-0257.rst")


async def asked(client: LangGraphClient, thread_id: str) -> dict[str, str]:
    """The id of each open question, by document; "" stands for the whole."""
    tasks = (await state_of(client, thread_id))["tasks"]
    return {one["value"].get("document", ""): one["id"] for task in tasks for one in task["interrupts"]}


async def test_questions_are_answered_together_by_their_ids_in_one_command(client: LangGraphClient) -> None:
    thread_id = await new_thread(client, GRAPH)
    sources: Any = [str(ROOT / "examples" / "documents" / name) for name in DOCUMENTS]
    await client.runs.wait(thread_id, GRAPH, input={"sources": sources})
    ids = await asked(client, thread_id)
    assert set(ids) == set(DOCUMENTS)
    answers = {ids["pep-0257.rst"]: "reject: it shows Python 2", ids["pep-0020.rst"]: "approve"}
    await client.runs.wait(thread_id, GRAPH, command={"resume": answers})
    ids = await asked(client, thread_id)
    assert set(ids) == {""}  # both are answered, each with its own
    out: Any = await client.runs.wait(thread_id, GRAPH, command={"resume": {ids[""]: "approve"}})
    assert out["result"] == {"signed": ["pep-0020.rst"], "sent_back": {"pep-0257.rst": "it shows Python 2"}}
    checks = [record for name, record in out["branches"].items() if not name.startswith("sign_off@")]
    assert [record["attempts"] for record in checks] == [1] * 4  # nothing was done again


CHECK = "technical@note.txt"


@pytest.fixture
async def waiting(client: LangGraphClient, tmp_path: Path) -> str:
    """The id of a thread that asks about its result: a note without faults, which is signed."""
    note = tmp_path / "note.txt"
    note.write_text("The bridge over the river was painted green last summer. It took two weeks.\n")
    thread_id = await new_thread(client, GRAPH)
    sources: Any = [str(note)]
    await client.runs.wait(thread_id, GRAPH, input={"sources": sources})
    (action,) = (await asking(client, thread_id))["action_requests"]
    assert action["args"]["result"] == {"signed": ["note.txt"], "sent_back": {}}
    return thread_id


async def asking(client: LangGraphClient, thread_id: str) -> dict[str, Any]:
    """The only question that is open."""
    (asked,) = [one["value"] for task in (await state_of(client, thread_id))["tasks"] for one in task["interrupts"]]
    question: dict[str, Any] = asked
    return question


def complaint_of(question: dict[str, Any]) -> str:
    return str(question["review"]["complaint"])


async def decided(client: LangGraphClient, thread_id: str, **decision: Any) -> Any:
    """What comes of this decision in the form of a human-in-the-loop request."""
    return await client.runs.wait(thread_id, GRAPH, command={"resume": {"decisions": [decision]}})


def filled_in(question: dict[str, Any], **args: Any) -> dict[str, Any]:
    """The question's action as a form gives it back: its arguments, with some changed."""
    (action,) = question["action_requests"]
    return {"name": action["name"], "args": {**action["args"], **args}}


async def test_a_branch_is_done_once_more_from_the_form_and_the_new_result_is_approved(
    client: LangGraphClient, waiting: str
) -> None:
    await client.runs.wait(waiting, GRAPH, command={"resume": "[" * 100_000})
    question = await asking(client, waiting)
    assert "nested too deep" in complaint_of(question)
    again = filled_in(question, retry=[CHECK], message="Look at the figures.")
    await decided(client, waiting, type="edit", edited_action=again)
    assert complaint_of(await asking(client, waiting)) == ""
    out = await decided(client, waiting, type="approve")
    events = [line["event"] for line in out["timeline"] if line["node"] == "human_review"]
    assert (out["status"], events) == ("approved", ["retried", "approved"])


async def test_a_result_that_is_edited_in_the_form_is_the_result(client: LangGraphClient, waiting: str) -> None:
    result = {"signed": [], "sent_back": {"note.txt": "which bridge?"}}
    action = filled_in(await asking(client, waiting), result=result)
    out = await decided(client, waiting, type="edit", edited_action=action)
    assert (out["status"], out["result"]) == ("approved", result)


async def test_the_result_of_a_branch_that_is_picked_in_the_form_is_the_result(
    client: LangGraphClient, waiting: str
) -> None:
    action = filled_in(await asking(client, waiting), pick=CHECK)
    out = await decided(client, waiting, type="edit", edited_action=action)
    assert (out["status"], out["result"]) == ("approved", out["branches"][CHECK]["result"])


async def test_a_run_that_is_rejected_in_the_form_has_failed_for_the_reason_given(
    client: LangGraphClient, waiting: str
) -> None:
    out = await decided(client, waiting, type="reject", message="which bridge?")
    assert (out["status"], out["error"]["message"]) == ("failed", "which bridge?")
