"""A service that says when to come back is not asked before in a later round either."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.nodes.explaining.explain import explain
from langgraph_quorum.nodes.postponing import postponed
from langgraph_quorum.state.policies import RecoveryPolicy
from langgraph_quorum.state.records import BranchRecord, WorkItem, blank_record
from tests.graphs.reading import ONCE, halves, joined, told
from tests.graphs.running import FIXED, PATIENT, Crew, compiled, run

pytestmark = pytest.mark.looptime

IN_TIME = SyncPolicy(threshold=1.0, deadline_s=100)
TOO_SHORT = SyncPolicy(threshold=1.0, deadline_s=30)


class BusyError(Exception):
    """Come back in a minute."""

    status_code = 429
    headers = {"Retry-After": "60"}  # noqa: RUF012


class Service:
    """Is busy so many times, then answers, or hangs; notes when it was asked, in seconds of the loop's clock."""

    def __init__(self, busy: int, *, hangs: bool = False) -> None:
        self.busy, self.hangs = busy, hangs
        self.asked: list[float] = []

    async def __call__(self, branch: Branch) -> dict[str, Any]:
        self.asked.append(asyncio.get_running_loop().time())
        if len(self.asked) <= self.busy:
            raise BusyError("busy")
        if self.hangs and "half" not in branch.payload:
            await asyncio.sleep(1000)
        return {"confidence": 0.9}

    def pauses(self) -> list[float]:
        """Seconds from one call to the next. The wall clock goes on meanwhile, so they are no more than asked for."""
        return [later - sooner for sooner, later in zip(self.asked, self.asked[1:], strict=False)]


def events(result: dict[str, Any]) -> list[str]:
    return [line["event"] for line in result["timeline"] if line["node"] == "load_balancer"]


def told_why(result: dict[str, Any]) -> list[str]:
    return [line["why"] for line in result["timeline"] if line["event"] == "redistributed"]


async def test_the_next_round_begins_no_sooner_than_the_service_wants() -> None:
    service = Service(2)
    result = await run(Specialist("s", service, **ONCE), sync=IN_TIME)
    assert result["status"] == "approved"
    assert service.pauses() == pytest.approx([60, 60], abs=10)
    assert list(told(result)[0]["later"]) == ["s"]
    assert "not before the service wants it: 1" in told_why(result)[0]
    until = told(result)[0]["later"]["s"][:19].replace("T", " ")
    (first, *_) = explain(result).again[0]["ways"]
    assert first == f"round 1: sent out again, not before {until} UTC, as its service asked"
    assert "not_before" not in result["branches"]["s"]


async def test_the_moment_is_kept_in_the_record_and_so_outlives_a_crash() -> None:
    before = datetime.now(UTC)
    result = await run(Specialist("s", Service(9), **ONCE), sync=IN_TIME, recovery=RecoveryPolicy(rounds=0))
    said = datetime.fromisoformat(result["branches"]["s"]["not_before"])
    assert before + timedelta(seconds=60) <= said <= datetime.now(UTC) + timedelta(seconds=60)


async def test_what_would_come_back_after_the_deadline_is_given_up() -> None:
    service, crew = Service(9), Crew()
    result = await run(Specialist("s", service, **ONCE), crew.sleeps("fine", 1), sync=TOO_SHORT)
    assert (result["status"], result["failed"], len(service.asked)) == ("partial", ["s"], 1)
    assert set(events(result)) == {"gave_up"}


async def test_the_deadline_is_the_one_of_this_run() -> None:
    service = Service(9)
    graph = compiled(Specialist("s", service, **ONCE), sync=PATIENT)
    result = await graph.ainvoke({"task": "look"}, context=replace(FIXED, deadline_s=30))
    assert (events(result), len(service.asked)) == (["gave_up"], 1)


async def test_what_was_cut_while_it_waited_for_its_service_is_given_up_too() -> None:
    service = Service(9)
    result = await run(Specialist("s", service), sync=TOO_SHORT)
    assert (result["branches"]["s"]["status"], len(service.asked)) == ("timed_out", 1)
    assert events(result) == ["gave_up"]


@pytest.mark.parametrize(
    "settings",
    [ONCE, {}, {"split": lambda _: [{"half": 1}, {"half": 2}], "join": joined}],
    ids=["failed", "cut while it waited", "though it could be split"],
)
async def test_what_would_come_back_after_the_deadline_goes_to_somebody_else(settings: dict[str, Any]) -> None:
    service, crew = Service(9), Crew()
    crowd = [Specialist("busy", service, type="t", **settings), crew.sleeps("free", 1, type="t")]
    result = await run(*crowd, work=[{"branch_id": "b", "type": "t", "priority": "high"}], sync=TOO_SHORT)
    assert (result["status"], result["branches"]["b"]["specialist"]) == ("approved", "free")
    assert (len(service.asked), told(result)[0]["moved"], told(result)[0]["later"]) == (1, {"b": "free"}, {})


async def test_pieces_wait_as_well() -> None:
    service = Service(1, hangs=True)

    def split(payload: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"half": half} for half in halves({"pages": [1, 2]})]

    reader = Specialist("s", service, split=split, join=lambda results: joined([]))
    result = await run(reader, sync=IN_TIME)
    assert told(result)[0]["split"] == ["s"]
    assert service.pauses()[:2] == pytest.approx([60, 100], abs=10)  # cut at 100; virtual time stands still outside


def test_work_that_was_to_wait_longer_anyway_does() -> None:
    def moment(seconds: float) -> str:
        return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()

    record: BranchRecord = {**blank_record("b", "s", "failed"), "not_before": moment(60)}
    for own in (120, moment(120)):
        item: WorkItem = {"branch_id": "b", "not_before": own}
        assert postponed(item, record) == item
    for own in (1, moment(1)):
        assert postponed({"branch_id": "b", "not_before": own}, record)["not_before"] == record["not_before"]
    assert postponed({"branch_id": "b"}, {**record, "not_before": moment(-1)}) == {"branch_id": "b"}
    assert postponed({"branch_id": "b"}, None) == {"branch_id": "b"}
