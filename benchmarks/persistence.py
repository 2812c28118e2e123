"""What persistence costs: our saver held against the official one, on one server, each run a thread of its own.

The rows that are to reach something against it are measured with Python's collector settled, as a program that drives
runs may have it, and as it comes; always the same for both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from langchain_core.runnables import RunnableConfig

from benchmarks import counting, resuming, revising
from benchmarks.copying import copies
from benchmarks.distance import distant
from benchmarks.graphs import bare_graph, bare_input, joined_graph, uncompiled_workflow, workflow, workflow_input
from benchmarks.measuring import Row, Work, medians, shown, times_faster, times_slower
from benchmarks.postgres import Scene, new_thread, pools, scene
from langgraph_quorum.orchestration.collector import settled_collector
from langgraph_quorum.orchestration.orchestrator import Orchestrator
from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.keys import Keys, generate_key
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.saver import make_saver

BRANCHES = 1000
RUNS, FEW = 50, 10
"""Runs at once, and the branches of each."""
REPEATS = 11
"""Of what is held against the official saver on the same machine."""


def measure(show: Callable[[str, list[Row]], None]) -> None:
    """Show each table, its title and rows, once it is there.

    Every time is a median of runs that take turns. What they store stays for the others of its table, as in use: after
    a TRUNCATE the server has a new file to begin for each table and its indexes, and every plan to make again. Each run
    with a saver follows one of the same graph without: what the one before has left the server to do falls into that.
    """
    asyncio.run(_measured(show))


async def _measured(show: Callable[[str, list[Row]], None]) -> None:
    async with scene() as here:
        with settled_collector():
            show("persistence, against the official saver, both with settled_collector()", await _near(here))
        show("the same, both with the collector as Python sets it", [_aimless(row) for row in await _near(here)])
        async with distant(here.dsn) as dsn, pools(dsn) as there:
            show("the same, with the server further away", await _far(there))
        show("what it writes and stores", [*await counting.rows(here), *await revising.rows(here)])
        show("taking a run up again", await resuming.rows(here))
        show("what safety costs, 1000 branches", [*await _guarded(here), *await _orchestrated(here)])


async def _near(here: Scene) -> list[Row]:
    return [*await _one_run(here), *await _bundled(here), await _many_runs(here, REPEATS, least=3)]


def _aimless(row: Row) -> Row:
    return replace(row, target="", met=None)


async def _one_run(here: Scene) -> list[Row]:
    unsaved, ours, _, official = await medians(
        [_bare_run(None), _bare_run(here.saver), _bare_run(None), _bare_run(here.official)], REPEATS
    )
    await here.clear()
    await _bare_run(here.saver)()
    write, empty = await copies(here)
    (copied,) = await medians([write], repeats=7, between=empty)
    await here.clear()
    over = ours - unsaved
    return [
        times_faster(f"{BRANCHES} branches", (official, ours), least=3, against="official"),
        Row(
            "  the part over no saver",
            shown(over),
            f"COPY of its rows {shown(copied)}",
            f"{over / copied:.1f}",
            "at most 5",
            over <= 5 * copied,
        ),
    ]


async def _bundled(here: Scene) -> list[Row]:
    """Bundles are what our side has and the bare graph has not."""
    savers = (None, here.saver)
    works = [*map(_joined_run, savers), *map(_whole_run, savers), _bare_run(None), _bare_run(here.official)]
    _, join_time, _, workflow_time, _, official = await medians(works, REPEATS)
    await here.clear()
    name, against = f"{BRANCHES} branches, bundle='auto'", "bare, official"
    return [
        times_faster(f"{name}: the join alone", (official, join_time), least=20, against=against),
        times_faster(f"{name}: whole workflow", (official, workflow_time), least=20, against=against),
    ]


async def _many_runs(place: Scene, repeats: int, least: float, where: str = "") -> Row:
    works = [_runs_at_once(saver) for saver in (None, place.saver, None, place.official)]
    _, ours, _, official = await medians(works, repeats)
    await place.clear()
    return Row(
        f"{RUNS} runs at once of {FEW} branches{where}",
        f"{RUNS / ours:.0f} runs/s",
        f"official {RUNS / official:.0f} runs/s",
        f"{official / ours:.1f} x faster",
        f"at least {least:g} x",
        official / ours >= least,
    )


async def _far(there: Scene) -> list[Row]:
    async with there.pool.connection() as connection:
        (round_trip,) = await medians([lambda: connection.execute("SELECT 1")], repeats=20)
    where = f", {round_trip * 1000:.1f} ms round trip"
    official, ours = await medians([_bare_run(there.official), _bare_run(there.saver)], repeats=1)
    await there.clear()
    return [
        await _many_runs(there, repeats=2, least=10, where=where),
        times_faster(f"{BRANCHES} branches{where}", (official, ours), against="official"),
    ]


async def _guarded(here: Scene) -> list[Row]:
    """Ours on both sides: without lease and encryption, and with one of them."""
    graph = bare_graph(checkpointer=here.saver)
    encryption = Encryption(Keys.parse(generate_key("bench")))
    sealed = _bare_run(make_saver(here.pool, sealer=encryption))

    async def fenced() -> None:
        thread_id = str(new_thread()["configurable"]["thread_id"])
        async with hold_lease(here.pool, thread_id) as lease:
            await graph.ainvoke(bare_input(BRANCHES), fenced_config(thread_id, lease.token), durability="async")

    plain, leased, encrypted = await medians([_bare_run(here.saver), fenced, sealed], repeats=7)
    await here.clear()
    against = "without"
    return [
        times_slower("lease and fence", (plain, leased), most=1.1, against=against),
        times_slower("encryption", (plain, encrypted), against=against),
    ]


async def _orchestrated(here: Scene) -> list[Row]:
    return [await _started(here, bundle) for bundle in (None, "auto")]


async def _started(here: Scene, bundle: Any) -> Row:
    """From the register and the lease to the outcome."""
    graph = workflow(bundle=bundle, checkpointer=here.saver)
    async with Orchestrator.on(uncompiled_workflow(bundle=bundle), here.pool) as orchestrator:

        async def plain() -> None:
            await graph.ainvoke(workflow_input(BRANCHES), new_thread(), durability="async")

        async def orchestrated() -> None:
            run = await orchestrator.start(workflow_input(BRANCHES))
            await run.result()

        alone, started = await medians([plain, orchestrated], repeats=5)
    await here.clear()
    name = f"Orchestrator.start to its result, bundle={bundle!r}"
    return times_slower(name, (alone, started), against="graph.ainvoke")


def _bare_run(saver: Any) -> Work:
    graph = bare_graph(checkpointer=saver)
    return lambda: graph.ainvoke(bare_input(BRANCHES), new_thread(), **_durability(saver))


def _joined_run(saver: Any) -> Work:
    graph = joined_graph("auto", saver)
    return lambda: graph.ainvoke(bare_input(BRANCHES), new_thread(), **_durability(saver))


def _whole_run(saver: Any) -> Work:
    graph = workflow(bundle="auto", checkpointer=saver)
    return lambda: graph.ainvoke(workflow_input(BRANCHES), new_thread(), **_durability(saver))


def _durability(saver: Any) -> dict[str, Any]:
    return {} if saver is None else {"durability": "async"}


def _runs_at_once(saver: Any) -> Work:
    graph = bare_graph(checkpointer=saver)

    async def one(config: RunnableConfig) -> None:
        await graph.ainvoke(bare_input(FEW), config, **_durability(saver))

    return lambda: asyncio.gather(*(one(new_thread()) for _ in range(RUNS)))
