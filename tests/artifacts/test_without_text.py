"""A workflow without a store, with a text that is gone, or a store that cannot keep one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.artifacts import shelf
from langgraph_quorum.nodes.artifacts.access import artifact_store
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.state.artifacts import OFFLOADED, ArtifactRef
from langgraph_quorum.state.errors import ArtifactError, ConfigurationError
from langgraph_quorum.state.sync_policy import SyncPolicy
from tests.artifacts.stores import MISSING, TEXT, CountingArtifacts
from tests.artifacts.workflows import TEXT_A, context, run
from tests.graphs.running import compiled


@pytest.mark.looptime
async def test_asking_for_a_store_where_there_is_none_says_how_to_give_one() -> None:
    async def makes(branch: Branch) -> ArtifactRef:
        return await artifact_store().put(b"x", media_type=TEXT)

    out = await run(Specialist("a", makes, attempts=1), store=None)
    assert "MemoryArtifacts()" in out["branches"]["a"]["error"]["message"]


@pytest.mark.looptime
async def test_a_text_that_is_gone_fails_its_branch_and_no_other() -> None:
    async def reads(branch: Branch) -> int:
        return len(branch.payload["text"])

    work = [
        {"branch_id": "gone", "specialist": "a", "payload": {"text": {**MISSING, "media_type": OFFLOADED}}},
        {"branch_id": "there", "specialist": "a", "payload": {"text": TEXT_A}},
    ]
    out = await run(
        Specialist("a", reads), store=CountingArtifacts(), work=work, sync=SyncPolicy(threshold=0.5, grace_s=9)
    )
    assert out["branches"]["gone"]["error"]["type"] == "ArtifactError"
    assert out["branches"]["there"]["result"] == 5_000


@pytest.mark.looptime
async def test_work_is_not_lost_when_the_store_cannot_keep_it(caplog: pytest.LogCaptureFixture) -> None:
    class Full(MemoryArtifacts):
        async def put(self, data: bytes, *, media_type: str) -> ArtifactRef:
            raise ArtifactError("no room")

    async def gives(branch: Branch) -> str:
        return TEXT_A

    out = await run(Specialist("a", gives), store=Full())
    assert (out["status"], out["branches"]["a"]["result"]) == ("approved", TEXT_A)
    assert "stays in the state" in caplog.text


@pytest.mark.looptime
@pytest.mark.parametrize("waits", [0, 1])
@pytest.mark.parametrize("given", [TEXT_A * 3, [TEXT_A[:100]] * 150], ids=["one text", "many"])
async def test_a_result_beyond_what_postgres_can_hold_fails_its_branch_alone(
    given: Any, waits: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bounded(MemoryArtifacts):
        async def put(self, data: bytes, *, media_type: str) -> ArtifactRef:
            if len(data) > 10_000:
                raise ArtifactError("too large")
            return await super().put(data, media_type=media_type)

    async def gives(branch: Branch) -> Any:
        await asyncio.sleep(waits)
        return given if branch.branch_id == "large" else [TEXT_A, TEXT_A, TEXT_A]  # each put away

    monkeypatch.setattr(shelf, "MOST_BYTES", 10_000)
    work = [{"branch_id": name, "specialist": "a"} for name in ("large", "fits")]
    out = await run(Specialist("a", gives), store=Bounded(), work=work, sync=SyncPolicy(threshold=0.5, grace_s=9))
    record = out["branches"]["large"]
    assert (record["status"], record["error"]["type"], record["attempts"]) == ("failed", "ResultError", 1)
    assert record["reason"].startswith(
        "a result with 15000 bytes of text is more than Postgres can hold (10000): write"
    )
    assert out["branches"]["fits"]["status"] == "succeeded"


@pytest.mark.looptime
@pytest.mark.parametrize("limit", [255, True, 1e6, None])
async def test_a_limit_that_makes_no_sense_is_refused(limit: Any) -> None:
    async def reads(branch: Branch) -> int:
        return 1

    with pytest.raises(ConfigurationError, match="artifact_bytes"):
        await compiled(Specialist("a", reads)).ainvoke({"task": "x"}, context=context(CountingArtifacts(), limit))
