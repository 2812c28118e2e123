"""Several questions of parallel branches, answered by their ids."""

from __future__ import annotations

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
