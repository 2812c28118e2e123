"""What an app sets for its run reaches the specialists of a workflow in it, whichever way it is embedded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_config, get_store
from langgraph.errors import GraphRecursionError
from langgraph.runtime import get_runtime
from langgraph.store.memory import InMemoryStore

from langgraph_quorum import Branch, QuorumContext, Specialist, SyncPolicy, build_workflow
from tests.chat_models import AgentModel, says
from tests.embedding.parents import WAYS, AppContext, Shared, Way, app, around
from tests.graphs.running import Crew, FixedCapacity, thread

inherited = pytest.mark.parametrize("way", WAYS)


@dataclass
class Probe:
    """Specialists that note what they can see; one is async, one runs in a thread."""

    seen: list[Any] = field(default_factory=list)

    def specialists(self, look: Callable[[], Any]) -> list[Specialist]:
        async def loops(branch: Branch) -> str:
            self.seen.append(look())
            return "seen"

        def threads(branch: Branch) -> str:
            self.seen.append(look())
            return "seen"

        return [Specialist("loops", loops), Specialist("threads", threads)]


@inherited
async def test_tags_metadata_configurable_and_recursion_limit_are_the_apps(way: Way) -> None:
    probe = Probe()
    graph, given = app(way, build_workflow(probe.specialists(get_config)))
    config = {"tags": ["red"], "metadata": {"team": "blue"}, "configurable": {"depth": 3}, "recursion_limit": 77}
    await graph.ainvoke(given, config)
    assert len(probe.seen) == 2
    for seen in probe.seen:
        assert "red" in seen["tags"]
        assert seen["metadata"]["team"] == "blue"
        assert seen["configurable"]["depth"] == 3
        assert seen["recursion_limit"] == 77


@inherited
async def test_the_apps_own_context_is_what_a_specialist_gets(way: Way) -> None:
    probe = Probe()
    workflow = build_workflow(probe.specialists(lambda: get_runtime(AppContext).context))
    graph, given = app(way, workflow, context_schema=AppContext)
    await graph.ainvoke(given, context=AppContext("ada"))
    assert probe.seen == [AppContext("ada")] * 2


@pytest.mark.looptime
@inherited
async def test_an_app_may_set_the_sync_policy_of_a_workflow_in_it(way: Way) -> None:
    crew = Crew()
    workflow = build_workflow([crew.scores("a", 0.9), crew.sleeps("b", 100)], SyncPolicy(threshold=1))
    graph, given = app(way, workflow, context_schema=QuorumContext, checkpointer=InMemorySaver())
    context = QuorumContext(threshold=0.5, grace_s=2, capacity=FixedCapacity())
    await graph.ainvoke(given, thread(), context=context)
    assert crew.calls == {"a": 1, "b": 1}
    assert asyncio.get_running_loop().time() == pytest.approx(2, abs=0.5)  # the grace, not the 100 s of b


@inherited
async def test_the_apps_store_is_the_specialists(way: Way) -> None:
    async def keeps(branch: Branch) -> str:
        await get_store().aput(("notes",), branch.branch_id, {"text": branch.task})
        return "kept"

    store = InMemoryStore()
    graph, given = app(way, build_workflow([Specialist("keeps", keeps)]), store=store)
    await graph.ainvoke(given)
    item = await store.aget(("notes",), "keeps")
    assert item is not None
    assert item.value == {"text": "look"}


class Listening(BaseCallbackHandler):
    """Notes which chat models were asked, with which tags."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **run: Any) -> None:
        self.asked.append((run["metadata"]["langgraph_node"], "red" in run["tags"]))


@inherited
async def test_the_apps_callbacks_hear_the_models_of_specialists(way: Way) -> None:
    async def asks(branch: Branch) -> str:
        return str((await AgentModel(answers=[says("yes")]).ainvoke(branch.task)).content)

    def asks_in_a_thread(branch: Branch) -> str:
        return str(AgentModel(answers=[says("yes")]).invoke(branch.task).content)

    listening = Listening()
    specialists = [Specialist("asks", asks), Specialist("threads", asks_in_a_thread)]
    graph, given = app(way, build_workflow(specialists))
    await graph.ainvoke(given, {"callbacks": [listening], "tags": ["red"]})
    assert {asked for asked in listening.asked if asked[0] != "model"} == {("asks", True), ("threads", True)}


@inherited
async def test_the_apps_checkpointer_keeps_what_the_workflow_does(way: Way) -> None:
    saver = InMemorySaver()
    graph, given = app(way, build_workflow([Crew().scores("a", 0.9)]), checkpointer=saver)
    await graph.ainvoke(given, thread())
    namespaces = {stored.config["configurable"]["checkpoint_ns"] for stored in saver.list(thread())}  # type: ignore[arg-type]
    (inner,) = namespaces - {""}
    assert inner.partition(":")[0] == ("tools" if way == "tool" else "review")
    assert ("|review:call-0" in inner) == (way == "tool")


async def test_a_recursion_limit_that_is_too_low_for_the_workflow_says_so_and_is_not_a_result() -> None:
    graph = around(build_workflow([Crew().scores("a", 0.9)]).compile(), Shared)
    with pytest.raises(GraphRecursionError):
        await graph.ainvoke({"task": "look"}, {"recursion_limit": 4})
