"""A page of runs stays small, whatever the runs were given."""

from __future__ import annotations

import base64
import os

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE, Keys
from langgraph_quorum.orchestration.persistence.listing import Wanted, list_page
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.state.errors import SealError
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew

LONG = "x" * 200_000
WORK: list[WorkItem] = [{"branch_id": "one", "specialist": "one", "payload": {"numbers": list(range(40_000))}}]


def encryption() -> Encryption:
    return Encryption(Keys.parse(f"k1:{base64.b64encode(os.urandom(32)).decode()}"))


async def test_runs_are_listed_without_their_input_but_with_their_sources_and_looked_up_with_all(
    pool: Pool, crew: Crew
) -> None:
    given: QuorumInput = {"task": "look", "sources": ["a.md"], "work": WORK}
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start(given, "t1", options={"colour": "red"})).result()
        await (await quorum.start({"task": "look", "work": WORK}, "t2")).result()
        later, first = await quorum.list()
        (short,) = (await list_page(pool, Wanted(after=(await quorum.list(limit=1)).next))).runs
    assert first.options == short.options == {"colour": "red", "input": {"sources": ["a.md"]}}
    assert later.options == {}
    assert not first.left_out
    assert (await get_run(pool, "t1")).options == {"colour": "red", "input": given}


async def test_large_options_are_left_out_of_a_list_and_the_run_is_resumed_with_them(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(asks=True), pool) as quorum:
        waiting = await (await quorum.start({"task": "look"}, "t1", options={"note": LONG})).result()
        (listed,) = await quorum.list()
        assert (listed.options, listed.left_out, listed.task) == ({}, True, "look")
        await (await quorum.resume("t1", dict.fromkeys(waiting["interrupts"], "yes"))).result()
    assert (await get_run(pool, "t1")).options["note"] == LONG


async def test_encrypted_runs_are_listed_as_others_are_and_only_with_their_keys(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool, encryption=encryption()) as quorum:
        await (await quorum.start({"task": "look", "work": WORK}, "long")).result()
        (listed,) = await quorum.list()
        assert (listed.task, listed.options, listed.left_out) == ("look", {}, True)
        async with Orchestrator.on(crew.workflow(), pool) as plain:
            with pytest.raises(SealError, match=KEYS_VARIABLE):
                await plain.list()
        short: QuorumInput = {"task": "look", "sources": ["a.md"], "work": [{"branch_id": "one", "specialist": "one"}]}
        await (await quorum.start(short, "short")).result()
        assert [run.options for run in await quorum.list(limit=1)] == [{"input": {"sources": ["a.md"]}}]
