"""Mistakes in running graphs. Each marked line is refused by both checkers, and no other line is."""

from __future__ import annotations

from typing import Any

from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum import (
    Branch,
    Orchestrator,
    QuorumBranches,
    QuorumContext,
    Run,
    Specialist,
    SyncOrchestrator,
    SyncPolicy,
    as_tool,
    build_workflow,
    fan_out,
    late_results,
    quorum_branch,
)
from langgraph_quorum.orchestration.persistence import hold_lease, make_saver, open_database


async def reads(branch: Branch) -> str:
    return branch.task


workflow = build_workflow([Specialist("reads", reads)])


async def asynchronously() -> None:
    Orchestrator.open(workflow, folder="data")  # error: a path, not a text
    Orchestrator.open(workflow.compile())  # error: it compiles the graph itself
    Orchestrator.open(workflow, pool={"max_size": 2})  # error: PoolSettings(max_size=2)
    Orchestrator.open(workflow, encryption="key")  # error: Encryption(keys)
    Orchestrator.open(workflow, dns="postgresql://")  # error: a misspelt argument
    with Orchestrator.open(workflow):  # error: an async context
        pass
    async with Orchestrator.open(workflow) as quorum:
        quorum.start({"task": "x"}).result()  # error: it is awaited first
        run = await quorum.start({"task": "x"}, "one")
        run.result()["status"]  # error: so is the result
        await run.results()  # error: a misspelt verb
        await quorum.start({"tsk": "x"})  # error: a misspelt field of the input
        await quorum.start({"task": 3})  # error: a task is words
        await quorum.start({"task": "x", "sources": "docs"})  # error: a list of sources
        await quorum.start({"task": "x", "work": [{"specialst": "reads"}]})  # error: a misspelt field of a work item
        await quorum.start("x")  # error: a dict of the graph's input
        await quorum.start({"task": "x"}, thread="one")  # error: a thread is named by thread_id
        await quorum.start({"task": "x"}, on_busy="take over")  # error: a misspelt word
        await quorum.start({"task": "x"}, tags={"night": True}, context=QuorumContext(0.5), wait="1")  # error: wait_s
        await quorum.resume("one", "yes")  # error: answers by interrupt id
        await quorum.resume("one", ["yes"])  # error: ... not in a list
        await quorum.resume("one", {1: "yes"})  # error: an id is a text
        await quorum.list(status="aproved")  # error: a misspelt status
        await quorum.remerge("one", "bets")  # error: a misspelt strategy
        await quorum.prune(older_than_s="1d")  # error: seconds
        await quorum.watch("one")  # error: iterated over, not awaited
        for event in quorum.watch("one"):  # error: ... with async for
            print(event)
        async for event in quorum.watch("one"):
            print(event.name)  # error: it is called kind
        page = await quorum.list()
        print(page[0].thread)  # error: it is called thread_id
        late = await run.late(1)
        print(late["a"]["results"])  # error: it is called result


async def from_a_loop(quorum: SyncOrchestrator) -> None:
    await quorum.start({"task": "x"})  # error: there is nothing to await
    async with SyncOrchestrator.open(workflow):  # error: an ordinary context
        pass


def synchronously() -> None:
    with SyncOrchestrator.open(workflow) as quorum:
        quorum.start({"tsk": "x"})  # error: a misspelt field of the input
        quorum.start({"task": "x"}, thread="one")  # error: a thread is named by thread_id
        quorum.start({"task": "x"}, on_busy="take over")  # error: a misspelt word
        quorum.resume("one", "yes")  # error: answers by interrupt id
        run: Run = quorum.start({"task": "x"})  # error: it gives a run of its own
        quorum.list(status="aproved")  # error: a misspelt status
        quorum.get(3)  # error: a thread id is a text
        quorum.begin({"task": "x"})  # error: there is no such verb


class State(QuorumBranches):
    urls: list[str]


class Page(TypedDict):
    url: str


async def fetch(state: Page) -> dict[str, Any]:
    return {"urls": [state["url"]]}


fetching = quorum_branch(fetch, SyncPolicy(), timeout_s=3)
quorum_branch("fetch")  # error: the worker, not the name of its node
quorum_branch(fetch, 0.5)  # error: a policy, not its threshold
quorum_branch(fetch, timeout=3)  # error: seconds are called timeout_s
quorum_branch(fetch, fallback="spare")  # error: a worker, not its name
fan_out("fetch", [{"url": "a.org"}])  # error: what quorum_branch gave, not the node's name
fan_out(fetch, [{"url": "a.org"}])  # error: ... and not the worker
fan_out(fetching, [{"url": "a.org"}], at_once="2")  # error: a number is no text
fan_out(fetching, work=[{"playload": {}}])  # error: a misspelt field
fan_out(fetching, payload=[{}])  # error: a misspelt argument
fetching.decision({})  # error: a misspelt verb

builder = StateGraph(State)
builder.add_node("fetch", fetching)
builder.add_conditional_edges(START, fan_out(fetching, [{}]))  # error: a function that gives them
as_tool(reads, "read", "Reads.")  # error: a workflow, not a function
as_tool(workflow, "read")  # error: nothing tells the model when
as_tool(workflow, "read", "Reads.", keep=lambda output: output["results"])  # error: there is no such field


async def on_ones_own() -> None:
    async with Orchestrator.open(builder) as quorum:
        await quorum.start({"urls": "a.org"})  # error: a list of them
        await quorum.start({"pages": []})  # error: the state has no such field


async def by_hand() -> None:
    await late_results("one")  # error: for how long
    async with open_database() as pool:
        make_saver("postgresql://")  # error: a pool, not a DSN
        hold_lease(pool, "one", ttl=3)  # error: seconds are called ttl_s
        async with hold_lease(pool, "one") as lease:
            print(lease.tokens)  # error: it is called token
