# pyright: strict
"""Runs: started, looked at, answered and taken up, with a loop and without one."""

from __future__ import annotations

from langgraph_quorum import (
    AnswerError,
    Branch,
    ConfigurationError,
    DatabaseError,
    Orchestrator,
    PlanError,
    QuorumContext,
    QuorumError,
    Run,
    Specialist,
    SyncOrchestrator,
    ThreadBusyError,
    ThreadNotFoundError,
    artifact_store,
    build_workflow,
    late_results,
    settled_collector,
    thread_statistics,
)
from langgraph_quorum.orchestration.persistence import Encryption, Keys, PoolSettings, open_database


async def draws(branch: Branch) -> dict[str, object]:
    return {"picture": await artifact_store().put(branch.key.encode(), media_type="image/png")}


workflow = build_workflow([Specialist("draws", draws)])


async def begun(quorum: Orchestrator) -> Run:
    return await quorum.start({"task": "Draw"}, context=QuorumContext(threshold=0.5), tags=["night"], on_busy="wait")


async def whole() -> None:
    async with Orchestrator.open(workflow, pool=PoolSettings(max_size=2), encryption=Encryption(Keys.parse(""))) as one:
        run = await one.start({"task": "Draw", "work": [{"specialist": "draws", "priority": "high"}]}, "drawing")
        async for event in run.events():
            print(event["quorum"])
        outcome = await run.result()
        late = await late_results(outcome["workflow_id"], 1.0)
        print({name: record["status"] for name, record in late.items()})
        try:
            again = await one.resume("drawing", {"an-id": {"type": "approve"}})
        except (AnswerError, ThreadBusyError) as error:
            print(error)
        else:
            print(await again.late(5))
        page = await one.list(status="waiting", tag="night")
        print([found.thread_id for found in page])
        remerged = await one.remerge("drawing", "best")
        print(remerged, (await one.explain("drawing")), await one.history("drawing", limit=3))
        async for change in one.watch("drawing"):
            print(change.kind)
        copy: str = await one.fork("drawing", values={"task": "Draw it again"})
        await one.cancel(copy, reason="enough")
        print(await one.prune(older_than_s=3600, status="approved", dry_run=True))
        print(one.statistics(), thread_statistics())


def without_a_loop() -> str:
    try:
        with settled_collector(), SyncOrchestrator.open(workflow, "postgresql://", workflow="drawings") as quorum:
            run = quorum.start({"task": "Draw"}, "drawing")
            for event in run.events():
                print(event)
            for change in quorum.watch("drawing"):
                print(change.kind)
            return f"{run.result()['status']} {quorum.get('drawing')['status']} {run.thread_id}"
    except ThreadNotFoundError as error:
        return error.thread_id
    except (ConfigurationError, DatabaseError, PlanError, QuorumError) as error:
        return str(error)


async def on_a_pool_of_ones_own() -> None:
    async with open_database("postgresql://") as pool, Orchestrator.on(workflow, pool, "drawings") as quorum:
        print(await begun(quorum))
