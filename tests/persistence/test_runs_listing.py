"""Runs are listed by page, by what they have in common, and a page's end is a place to go on from."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.listing import Wanted, list_page
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import ask_driver, checked_tags, record_end, record_start
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.state.errors import ConfigurationError


async def entered(pool: Pool, thread_id: str, status: Any = "approved", **more: Any) -> None:
    await record_start(pool, thread_id, **{"workflow": "w", "task": "look", **more})
    if status != "running":
        await record_end(pool, thread_id, status)


def aged(database: str, thread_id: str, seconds: float) -> None:
    with psycopg.connect(database, autocommit=True) as other:
        age = "clock_timestamp() - make_interval(secs => %s)"
        other.execute(f"UPDATE quorum.runs SET updated_at = {age} WHERE thread_id = %s", (seconds, thread_id))


async def names(pool: Pool, **conditions: Any) -> list[str]:
    return [run.thread_id for run in await list_page(pool, Wanted(**conditions))]


async def test_pages_hold_every_run_once_while_new_ones_come_and_old_ones_go_on(pool: Pool) -> None:
    for number in range(7):
        await entered(pool, f"t{number}")
    seen, after = [], None
    while True:
        page = await list_page(pool, Wanted(limit=2, after=after))
        seen += [run.thread_id for run in page]
        await entered(pool, f"new-{len(seen)}")
        await entered(pool, "t6")  # seen already; it moves to the front
        if (after := page.next) is None:
            break
    assert seen == ["t6", "t5", "t4", "t3", "t2", "t1", "t0"]


async def test_runs_of_the_same_moment_are_not_lost_between_pages(pool: Pool, database: str) -> None:
    for number in range(5):
        await entered(pool, f"t{number}")
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("UPDATE quorum.runs SET updated_at = '2026-01-01 00:00:00.123456+00'")
    first = await list_page(pool, Wanted(limit=3))
    rest = await list_page(pool, Wanted(limit=3, after=first.next))
    assert (len(first), len(rest), rest.next) == (3, 2, None)
    assert {run.thread_id for run in (*first, *rest)} == {f"t{number}" for number in range(5)}


async def test_runs_are_found_by_tag_workflow_and_status_together(pool: Pool) -> None:
    await entered(pool, "a", tags=["nightly", "eu"])
    await entered(pool, "b", tags=["nightly"], workflow="other")
    await entered(pool, "c", "failed", tags=["nightly"])
    await entered(pool, "d", "cancelled")
    assert await names(pool, tag="nightly") == ["c", "b", "a"]
    assert await names(pool, tag="nightly", workflow="w", status="approved") == ["a"]
    assert await names(pool, status="cancelled") == ["d"]
    assert await names(pool, tag="night") == []
    assert (await get_run(pool, "a")).tags == ("nightly", "eu")


async def test_ages_are_those_of_the_database(pool: Pool, database: str) -> None:
    for thread_id, seconds in (("hour", 3600), ("day", 86400)):
        await entered(pool, thread_id)
        aged(database, thread_id, seconds)
    assert await names(pool, older_than_s=7200) == ["day"]
    assert await names(pool, newer_than_s=7200) == ["hour"]
    assert await names(pool, older_than_s=60, newer_than_s=7200) == ["hour"]


async def test_a_page_is_full_although_some_of_its_rows_are_live(pool: Pool) -> None:
    for number in range(6):
        await entered(pool, f"t{number}", "running")
    async with hold_lease(pool, "t5"), hold_lease(pool, "t4"), hold_lease(pool, "t2"):
        page = await list_page(pool, Wanted(status="interrupted", limit=2))
        assert [run.thread_id for run in page] == ["t3", "t1"]
        assert await names(pool, status="interrupted", limit=2, after=page.next) == ["t0"]
        assert await names(pool, status="running") == ["t5", "t4", "t2"]


async def test_a_start_keeps_the_tags_it_is_not_told_to_change(pool: Pool) -> None:
    await entered(pool, "t", tags=["first"])
    await entered(pool, "t")
    assert (await get_run(pool, "t")).tags == ("first",)


async def test_a_request_is_for_a_running_run_and_is_done_with_its_end(pool: Pool) -> None:
    await entered(pool, "t", "running")
    assert await ask_driver(pool, "t", "cancel", "why")
    assert await ask_driver(pool, "t", "drain")
    assert ((await get_run(pool, "t")).asked, (await get_run(pool, "t")).reason) == ("cancel", "why")
    await record_end(pool, "t", "cancelled")
    assert ((await get_run(pool, "t")).asked, (await get_run(pool, "t")).reason) == (None, "why")
    assert not await ask_driver(pool, "t", "cancel")
    assert not await ask_driver(pool, "nobody", "cancel")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", 0),
        ("limit", 1001),
        ("limit", "5"),
        ("status", "done"),
        ("workflow", ""),
        ("tag", "a\0"),
        ("older_than_s", -1),
        ("newer_than_s", float("nan")),
        ("older_than_s", True),
        ("after", "made up"),
        ("after", "WyIyMDI2LTAxLTAxIiwgInQiXQ=="),  # ["2026-01-01", "t"], a moment without a zone
        ("after", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwgIlx1ZDgwMCJd"),  # half of a character for a thread
        ("after", 5),
    ],
)
async def test_a_condition_that_makes_no_sense_is_named(pool: Pool, field: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await list_page(pool, Wanted(**{field: value}))  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize(
    "tags", ["word", ["ok", ""], ["x" * 101], ["a\0"], ["\ud800"], [5], [str(n) for n in range(51)]]
)
def test_what_is_no_list_of_tags_is_refused(tags: Any) -> None:
    with pytest.raises(ConfigurationError, match="tags="):
        checked_tags(tags)


def test_a_tag_that_is_given_twice_is_kept_once() -> None:
    assert checked_tags(["b", "a", "b"]) == ["b", "a"]
