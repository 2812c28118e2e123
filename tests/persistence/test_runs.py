"""The register of runs says how a run stands, and never that a dead one runs."""

import subprocess
import sys
from typing import Any

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.listing import Wanted, list_page
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.processes import ProcessMark, this_process
from langgraph_quorum.orchestration.persistence.runs import get_run, record_end, record_start
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, LeaseLostError, ThreadNotFoundError
from tests.outages.proxy import Cut, Trap, proxied


async def listed(pool: Pool, **wanted: Any) -> list[str]:
    return [run.thread_id for run in await list_page(pool, Wanted(**wanted))]


async def start(pool: Pool, thread_id: str) -> None:
    await record_start(pool, thread_id, workflow="w", task="look", options={})


async def test_a_run_is_read_back_as_it_was_stored(pool: Pool) -> None:
    options = {"threshold": 0.75, "sources": ["a", "ß 😀"], "escaped": "\\u0000"}
    async with hold_lease(pool, "t") as lease:
        await record_start(pool, "t", workflow="analyse", task="look at ß", options=options, token=lease.token)
        run = await get_run(pool, "t")
    assert (run.workflow, run.task, run.options) == ("analyse", "look at ß", options)
    assert (run.status, run.live) == ("running", True)
    assert run.created_at <= run.updated_at


async def test_a_running_run_without_a_live_lease_is_interrupted(pool: Pool) -> None:
    async with hold_lease(pool, "t"):
        await start(pool, "t")
        assert (await get_run(pool, "t")).status == "running"
    run = await get_run(pool, "t")
    assert (run.status, run.live) == ("interrupted", False)


async def test_a_run_whose_process_was_killed_is_interrupted_before_its_lease_runs_out(
    pool: Pool, database: str
) -> None:
    await start(pool, "t")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    owner = ProcessMark(this_process().host, gone.pid, 1).text
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("INSERT INTO quorum.leases VALUES ('t', %s, 1, clock_timestamp() + interval '1 hour')", (owner,))
    assert (await get_run(pool, "t")).status == "interrupted"


async def test_an_ended_run_keeps_its_status_whether_leased_or_not(pool: Pool) -> None:
    async with hold_lease(pool, "t"):
        await start(pool, "t")
        await record_end(pool, "t", "waiting")
        assert (await get_run(pool, "t")).live
    assert (await get_run(pool, "t")).status == "waiting"


async def test_a_thread_started_again_keeps_its_first_start(pool: Pool) -> None:
    await start(pool, "t")
    first = await get_run(pool, "t")
    await record_end(pool, "t", "failed")
    await start(pool, "t")
    again = await get_run(pool, "t")
    assert again.created_at == first.created_at
    assert again.updated_at > first.updated_at


async def test_a_driver_that_was_overtaken_cannot_write_how_the_run_ended(pool: Pool) -> None:
    async with hold_lease(pool, "t") as lease:
        await start(pool, "t")
        await record_end(pool, "t", "partial", token=lease.token)
    with pytest.raises(LeaseLostError, match="nothing was written"):
        await record_end(pool, "t", "approved", token=lease.token)
    with pytest.raises(LeaseLostError):
        await record_start(pool, "t", workflow="w", task="", token=lease.token)
    assert (await get_run(pool, "t")).status == "partial"


async def test_runs_are_listed_by_how_they_stand_newest_first(pool: Pool, database: str) -> None:
    for number in range(6):
        await start(pool, f"done-{number}")
        await record_end(pool, f"done-{number}", "approved")
    await start(pool, "dropped")
    async with hold_lease(pool, "live"):
        await start(pool, "live")
        assert await listed(pool, status="running") == ["live"]
        assert await listed(pool, status="interrupted") == ["dropped"]
        assert await listed(pool, limit=1, status="interrupted") == ["dropped"]
        assert await listed(pool, limit=2, status="approved") == ["done-5", "done-4"]
        assert await listed(pool, limit=3) == ["live", "dropped", "done-5"]
        assert len(await listed(pool)) == 8
    assert await listed(pool, status="interrupted") == ["live", "dropped"]


async def test_what_postgres_cannot_keep_is_refused_or_replaced(pool: Pool) -> None:
    await record_start(pool, "t", workflow="w", task="a\x00b\ud800", options={})
    assert (await get_run(pool, "t")).task == "a?b?"
    for value in (float("nan"), {1, 2}, "a\x00b", "\ud800"):
        with pytest.raises(ConfigurationError, match="options"):
            await record_start(pool, "t", workflow="w", task="", options={"value": value})


async def test_an_unknown_thread_and_an_unknown_status_are_named(pool: Pool) -> None:
    with pytest.raises(ThreadNotFoundError, match="'nobody'"):
        await get_run(pool, "nobody")
    with pytest.raises(ThreadNotFoundError, match="'nobody'"):
        await record_end(pool, "nobody", "failed")
    with pytest.raises(ConfigurationError, match="status='done'"):
        await record_end(pool, "nobody", "done")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="limit=0"):
        await listed(pool, limit=0)


async def test_a_database_that_was_never_migrated_says_so(database: str) -> None:
    async with open_pool(database) as pool:
        with pytest.raises(DatabaseError, match=r"listing the runs: .*migrate the database first"):
            await listed(pool)


@pytest.mark.parametrize("cut", ["half", "answer"])
async def test_a_run_is_read_again_where_the_connection_breaks_under_the_look(
    pool: Pool, migrated_database: str, cut: Cut
) -> None:
    await start(pool, "t")
    async with proxied(migrated_database) as proxy, open_pool(proxy.dsn) as cut_off:
        trap = proxy.trap = Trap(b"AS lease_owner", cut)
        assert (await get_run(cut_off, "t")).task == "look"
        assert trap.sprung.is_set()
