"""The run that drivers quarrel over: three fan-outs and a nested workflow, held up at its last branch on request."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from langgraph_quorum import Answer, Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.state.records import WorkItem
from tests.crashes.ledger import Ledger, key_of

LOOK_S = 0.005

_ALL = SyncPolicy(threshold=1.0, grace_s=0, deadline_s=600)


def _item(branch_id: str, **payload: Any) -> WorkItem:
    return {"branch_id": branch_id, "specialist": "worker", "payload": payload}


WORK: list[WorkItem] = [
    _item("a"),
    _item("b", grows=[_item("c", grows=[_item("last", held=True)])]),
    {"branch_id": "w", "specialist": "whole", "payload": {"work": [_item("i"), _item("j")]}},
]
LAST = "b/c/last@2"
"""The branch that is held."""


class Crew:
    """The specialists of one process. Payloads say what a result asks for (`grows`), and whether it waits (`held`).

    What is held waits for a file, so that two processes can be brought to work on the same run at the same time.
    """

    def __init__(self, ledger: Ledger, gate: Path) -> None:
        self._ledger, self._gate = ledger, gate

    def graph(self) -> QuorumBuilder:
        worker = Specialist("worker", self._work)
        inner = build_workflow([worker], _ALL, "merge_all", "parallel")
        return build_workflow([worker, workflow_specialist("whole", inner)], _ALL, "merge_all", "parallel")

    async def _work(self, branch: Branch) -> Answer:
        key = key_of(branch.branch_id, branch.round)
        self._ledger.note("start", key, branch.attempt)
        await asyncio.sleep(0.02)
        while "held" in branch.payload and not self._gate.exists():  # noqa: ASYNC110 - another process opens it
            await asyncio.sleep(LOOK_S)
        self._ledger.note("end", key, branch.attempt)
        value: dict[str, Any] = {"by": branch.branch_id, "key": branch.key.rpartition("/")[2], "confidence": 0.9}
        return Answer(value, work=branch.payload.get("grows", ()))
