"""What parallel branches say while they run, told apart by branch."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from tests.studio.threads import new_thread

pytestmark = pytest.mark.xdist_group("studio")

WORK: Any = [
    {"branch_id": "sonnet", "specialist": "poet"},
    {"branch_id": "ode", "specialist": "poet"},
    {"branch_id": "essay", "specialist": "critic"},
]


async def test_tokens_and_progress_of_parallel_branches_are_told_apart(client: LangGraphClient) -> None:
    thread_id = await new_thread(client, "talk")
    tokens: dict[str, list[str]] = defaultdict(list)
    progress: dict[str, list[Any]] = defaultdict(list)
    order = []
    modes: Any = ["messages-tuple", "custom"]
    async for part in client.runs.stream(thread_id, "talk", input={"task": "it", "work": WORK}, stream_mode=modes):
        data: Any = part.data
        if part.event == "messages" and (branch := data[1].get("quorum_branch")):
            tokens[branch].append(data[0]["content"])
            order.append(branch)
        elif part.event == "custom":
            branch, told = (data["of"], data["read"]) if "of" in data else (data["branch_id"], data["event"])
            progress[branch].append(told)
    for branch in ("sonnet", "ode", "essay"):
        assert "".join(tokens[branch]) == f"{branch} finds it good"
        assert len(tokens[branch]) > 1
        assert set(progress[branch]) == {0.5, 1.0, "running", "succeeded"}
    assert order != sorted(order, key=list(dict.fromkeys(order)).index)  # side by side, not one after the other
